function [dlnet, report] = importONNX(file)
%IMPORTONNX  Import model.onnx with MathWorks' importer and check the result.
%
%   DLNET = CIFARX.IMPORTONNX(FILE) imports the ONNX file FILE, as written by 'cifarx export
%   --onnx', with importNetworkFromONNX and the formats of its inputs and outputs, such as 'BCSS'
%   for images and 'BC' for vectors. It then runs the normalized test inputs of the model.mat
%   beside FILE (same name) through the result and compares the outputs with those of PyTorch, as
%   CIFARX.VERIFY does. It prints one line per output, and the layers whose class is not in
%   nnet.cnn.layer. For those the importer may generate code in a folder +NAME of the current
%   folder.
%
%   [DLNET, REPORT] = CIFARX.IMPORTONNX(FILE) also returns a structure:
%
%     passed      whether the outputs agree with PyTorch to within float32 rounding
%     detail      the checks as text
%     outputs     the outputs computed here, single, as net.test.outputs of CIFARX.LOAD
%     notBuiltIn  n-by-2 cell array, names and classes of the layers that are not built-in
%
%   CIFARX.DLNETWORK creates the same network from model.mat with built-in layers only and needs
%   no add-on.
%
%   Deep Learning Toolbox R2023b or newer and the add-on Deep Learning Toolbox Converter for ONNX
%   Model Format are needed.
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
          ['''%s'' is not named .onnx. Pass the ONNX file; cifarx.dlnetwork creates a network ' ...
           'from a model.mat.'], file);
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
          ['''%s'' beside ''%s'' holds no outputs of PyTorch to check the import with, ' ...
           'because %s wrote it with changed weights. Make a run from it with ''cifarx ' ...
           'import'' and export that run with ''cifarx export --onnx --mat''.'], beside, file, ...
          net.format.producer);
end
formats = {formatsOf(net.inputs), formatsOf(net.outputs)};
try
    dlnet = importNetworkFromONNX(file, 'InputDataFormats', formats{1}, ...
                                  'OutputDataFormats', formats{2});
catch problem
    if ~strcmp(problem.identifier, 'nnet_cnn:supportpackages:InstallRequired')
        rethrow(problem);
    end
    error('cifarx:importONNX:toolbox', ...  % the function exists without the add-on, as a stub
          ['cifarx.importONNX needs the add-on Deep Learning Toolbox Converter for ONNX Model ' ...
           'Format, which is not installed: %s cifarx.dlnetwork needs no add-on.'], ...
          problem.message);
end

classes = cell(numel(dlnet.Layers), 1);
for i = 1:numel(dlnet.Layers)
    classes{i} = class(dlnet.Layers(i));
end
other = ~strncmp(classes, 'nnet.cnn.layer.', numel('nnet.cnn.layer.'));
names = {dlnet.Layers.Name}.';
report.notBuiltIn = [names(other), classes(other)];

inputs = cifarx.internal.layout.each(net.test.inputs, numel(net.inputs));
try
    outputs = cifarx.internal.build.runDlnetwork(dlnet, net, inputs, 'imported');
catch problem
    error('cifarx:importONNX:outputSize', ...
          ['The imported network cannot be run on the test inputs, or its outputs have other ' ...
           'sizes: %s'], problem.message);
end
report.passed = true;
details = cell(1, numel(outputs));
yardsticks = cifarx.internal.layout.each(net.test.outputs, numel(outputs));
references = cifarx.internal.layout.each(net.test.reference, numel(outputs));
words = {'FAILED', 'PASSED'};
for o = 1:numel(outputs)
    outputs{o} = single(outputs{o});
    judged = cifarx.internal.truth.judgeOutput(outputs{o}, yardsticks{o}, references{o}, ...
                                               net.outputs(o), net.task);
    passed = judged.passed && judged.credible;
    report.passed = report.passed && passed;
    details{o} = judged.detail;
    fprintf('%s | importNetworkFromONNX | %s\n', words{passed + 1}, judged.detail);
end
report.outputs = cifarx.internal.layout.joined(outputs);
report.detail = strjoin(details, '; ');
fprintf('%d of %d layers are built-in\n', sum(~other), numel(other));
for i = find(other).'
    fprintf('  %s is a %s\n', names{i}, classes{i});
end
end

function formats = formatsOf(list)
%FORMATSOF  Labels of the arrays in the ONNX file, batch first; char, or a cell array of several.
formats = cell(1, numel(list));
for i = 1:numel(list)
    labels = {'B', 'BC', 'BCS', 'BCSS'};
    rank = numel(list(i).Size);
    if rank + 1 > numel(labels)
        error('cifarx:importONNX:format', ...
              ['Output ''%s'' has %d dimensions besides the batch; the importer is asked for ' ...
               'at most 3 here. cifarx.dlnetwork creates the network from model.mat.'], ...
              list(i).Name, rank);
    end
    formats{i} = labels{rank + 1};
end
formats = cifarx.internal.layout.joined(formats);
end
