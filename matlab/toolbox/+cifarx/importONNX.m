function [dlnet, report] = importONNX(file)
%IMPORTONNX  Import model.onnx with MathWorks' importer, and check what it made of it.
%
%   DLNET = CIFARX.IMPORTONNX(FILE) imports the ONNX file FILE, as written by 'cifarx
%   export --onnx', as a dlnetwork with importNetworkFromONNX, input format 'BCSS' and
%   output format 'BC'. Then it runs the test images of the model.mat beside FILE (of
%   the same name), normalised, through the result and compares the outputs with
%   those that PyTorch gave, as CIFARX.VERIFY does. It prints one line a check, and the
%   layers that are not built-in: those whose class is not of nnet.cnn.layer. The
%   importer may generate code for such, in a folder +NAME of the current folder.
%
%   [DLNET, REPORT] = CIFARX.IMPORTONNX(FILE) returns also a structure:
%
%     passed       whether the outputs are PyTorch's within float32 rounding
%     detail       the check in words
%     logits       K-by-N single, the outputs computed here
%     notBuiltIn   n-by-2 cell array: names and classes of other layers
%
%   CIFARX.DLNETWORK makes the same network of model.mat with built-in layers only,
%   and needs no add-on.
%
%   Needed are Deep Learning Toolbox R2023b or newer and the add-on Deep Learning
%   Toolbox Converter for ONNX Model Format.
%
%   Example:
%      [dlnet, report] = cifarx.importONNX('model.onnx');
%
%   See also cifarx.dlnetwork, cifarx.verify, importNetworkFromONNX.

cifarx.internal.check.requireArguments(nargin, 1, 'importONNX');
% https://www.mathworks.com/help/deeplearning/ref/importnetworkfromonnx.html
product = ['Deep Learning Toolbox R2023b or newer with the add-on Deep Learning Toolbox ' ...
           'Converter for ONNX Model Format'];
cifarx.internal.check.requireToolbox('importONNX', 'importNetworkFromONNX', product);
file = cifarx.internal.file.fileName(file, 'cifarx:importONNX:fileName');
[folder, name, extension] = fileparts(file);
if ~strcmpi(extension, '.onnx')
    error('cifarx:importONNX:fileName', ...
          ['''%s'' is not named .onnx. Give the ONNX file; cifarx.dlnetwork makes a network of ' ...
           'a model.mat.'], file);
end
cifarx.internal.check.requireFile(file, 'importONNX', ...
                                  ['Export one with ''cifarx export --onnx --mat'', or ' ...
                                   'give its full path.']);
beside = fullfile(folder, [name '.mat']);
if ~isfile(beside)
    error('cifarx:importONNX:noReference', ...
          ['There is no ''%s'' beside ''%s'' to check the import with. Export both with ' ...
           '''cifarx export --onnx --mat''.'], beside, file);
end
net = cifarx.load(beside);
if isempty(net.test.reference)
    error('cifarx:importONNX:noReference', ...
          ['''%s'' beside ''%s'' holds no outputs of PyTorch to check the import with: %s ' ...
           'wrote it, with weights of its own. Make a run of it with ''cifarx import'', and ' ...
           'export that with ''cifarx export --onnx --mat''.'], beside, file, ...
          net.format.producer);
end
dlnet = importNetworkFromONNX(file, 'InputDataFormats', 'BCSS', 'OutputDataFormats', 'BC');

classes = cell(numel(dlnet.Layers), 1);
for i = 1:numel(dlnet.Layers)
    classes{i} = class(dlnet.Layers(i));
end
other = ~strncmp(classes, 'nnet.cnn.layer.', numel('nnet.cnn.layer.'));
names = {dlnet.Layers.Name}.';
report.notBuiltIn = [names(other), classes(other)];

report.logits = single(cifarx.internal.build.runDlnetwork(dlnet, net.test.inputs));
if ~isequal(size(report.logits), size(net.test.reference))
    error('cifarx:importONNX:outputSize', ...
          'The imported network gives %s outputs for the test images, not %s.', ...
          mat2str(size(report.logits)), mat2str(size(net.test.reference)));
end
judged = cifarx.internal.truth.judgeLogits(report.logits, net.test.logits, net.test.reference);
report.passed = judged.passed && judged.credible;
report.detail = judged.detail;
words = {'FAILED', 'PASSED'};
fprintf('%s | importNetworkFromONNX | %s\n', words{report.passed + 1}, judged.detail);
fprintf('%d of %d layers are built-in\n', sum(~other), numel(other));
for i = find(other).'
    fprintf('  %s is a %s\n', names{i}, classes{i});
end
end
