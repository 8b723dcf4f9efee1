function dlnet = importNetworkFromONNX(file, varargin)
%IMPORTNETWORKFROMONNX  Stand-in: checks how it is called; reads no ONNX.
%
%   It returns the network of the model.mat beside FILE, without its
%   normalization, and with one of the add-on's layers after the input.
% https://www.mathworks.com/help/deeplearning/ref/importnetworkfromonnx.html
if strcmp(getenv('CIFARX_STANDIN_WITHOUT'), 'onnx')  % a stub without the add-on
    error('nnet_cnn:supportpackages:InstallRequired', ...
          ['importNetworkFromONNX requires the Deep Learning Toolbox Converter for ONNX Model ' ...
           'Format.']);
end
documented = {'InputDataFormats', '', 'OutputDataFormats', '', 'Namespace', ''};
options = standInOptions([varargin, {'Name', 'network'}], documented);
if ~strcmp(options.InputDataFormats, 'BCSS') || ~strcmp(options.OutputDataFormats, 'BC')
    error('standin:formats', 'The file has images [N,C,H,W] and outputs [N,K].');
end
[folders, release] = deal(path(), getenv('CIFARX_STANDIN_RELEASE'));
restoring = onCleanup(@() restore(folders, release));
standIn('R2026b');  % the importer has layers of its own for what the release lacks
[folder, name] = fileparts(file);
net = cifarx.load(fullfile(folder, [name '.mat']));
net.input.Normalization = 'none';
graph = layerGraph(cifarx.dlnetwork(net));
first = strcmp(net.input.Name, graph.Connections.Source);
layer = dropoutLayer(0, 'Name', 'image_BatchSizeVerifier');
layer.StandInClass = 'nnet.onnx.layer.VerifyBatchSizeLayer';
graph = addLayers(graph, layer);
graph.Connections.Source(first) = {layer.Name};
dlnet = dlnetwork(connectLayers(graph, net.input.Name, layer.Name));
end

function restore(folders, release)
%RESTORE  The path and the release as they were.
path(folders);
setenv('CIFARX_STANDIN_RELEASE', release);
end
