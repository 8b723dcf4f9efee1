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
[folders, release] = deal(path(), getenv('CIFARX_STANDIN_RELEASE'));
restoring = onCleanup(@() restore(folders, release));
standIn('R2026b');  % the importer has layers of its own for what the release lacks
[folder, name] = fileparts(file);
net = cifarx.load(fullfile(folder, [name '.mat']));
labels = {'B', 'BC', 'BCS', 'BCSS'};
expected = @(list) labels(1 + cellfun(@numel, {list.Size}));
if ~isequal(cellstr(options.InputDataFormats), expected(net.inputs)) || ...
        ~isequal(cellstr(options.OutputDataFormats), expected(net.outputs))
    error('standin:formats', 'The file has other inputs or outputs.');
end
[net.inputs.Normalization] = deal('none');
graph = layerGraph(cifarx.dlnetwork(net));
first = strcmp(net.inputs(1).Name, graph.Connections.Source);
layer = dropoutLayer(0, 'Name', 'image_BatchSizeVerifier');
layer.StandInClass = 'nnet.onnx.layer.VerifyBatchSizeLayer';
graph = addLayers(graph, layer);
graph.Connections.Source(first) = {layer.Name};
dlnet = dlnetwork(connectLayers(graph, net.inputs(1).Name, layer.Name));
dlnet.OutputNames = {net.outputs.Layer};
dlnet.Imported = true;
end

function restore(folders, release)
%RESTORE  The path and the release as they were.
path(folders);
setenv('CIFARX_STANDIN_RELEASE', release);
end
