function report = verify(file, varargin)
%VERIFY  Check that a network computes the same here as in PyTorch.
%
%   REPORT = CIFARX.VERIFY(FILE) runs the network in the MAT-file FILE on the test inputs in the
%   file and compares its weights, normalized images, layers and outputs with those of PyTorch.
%   It prints one line per check and the verdict last. No toolbox is needed.
%
%   REPORT = CIFARX.VERIFY(FILE, NAME, VALUE) also sets options.
%
%   The outputs are compared with those of PyTorch in float64, in units of the error that PyTorch
%   itself makes in float32. Each layer is compared with the same layer computed in double
%   precision from the same single input, and its error must stay within the rounding bound of
%   single precision. Errors of earlier layers therefore do not count against a later one.
%   A classification is also judged by the predictions of its inputs, a segmentation by those of
%   its pixels. For a regression the largest error is printed in units of the standard deviation
%   of PyTorch's outputs.
%
%   The verdicts are:
%     EQUIVALENT         weights, normalized images, layers and outputs agree to within float32
%                        rounding
%     SAME PREDICTIONS   something differs by more than rounding, but no prediction changes; not
%                        for a regression, which has no predictions
%     DIFFERENT          something else differs: predictions change, the images are not
%                        normalized as in PyTorch, or the numbers of a regression differ
%
%   If the file has no normalization, it holds inputs instead of images, and they are used as
%   they are.
%
%   Name-value arguments:
%     'ResultFile'   file to write the result to, for 'cifarx verify' in Python. The name must
%                    end in '.matlab-result.mat'; '' writes no file. The default is
%                    model.matlab-result.mat beside model.mat, where 'cifarx verify' finds it.
%                    If the file cannot be written, a line says so and the verdict stands.
%     'LayerImages'  number of test inputs, evenly spaced, on which the layers are checked,
%                    default 16; Inf for all. A network of 0.6 billion multiply-adds takes about
%                    0.3 s per image. Memory is needed for 8 images in double precision.
%
%   Output argument, a 1-by-1 structure:
%     verdict        'EQUIVALENT', 'SAME PREDICTIONS' or 'DIFFERENT'
%     runtime        such as 'octave 7.3.0' or 'matlab R2024b'
%     task           'classification', 'segmentation' or 'regression'
%     checks         1-by-n structure array: passed (logical), name, detail
%     layers         1-by-L structure array: Name, Kind, Module (path in PyTorch), ratio (largest
%                    error divided by its bound), passed
%     layerImages    number of test inputs on which the layers were checked
%     outputNames    1-by-O cell array of names
%     outputs        the outputs computed here, single, as net.test.outputs: an array, or with
%                    several outputs a 1-by-O cell array
%     ratio          1-by-O, error of each output divided by that of PyTorch in float32
%     spread         1-by-O, largest error of each output divided by the standard deviation of
%                    PyTorch's values; NaN for a constant, [] if there are predictions
%     predictions    1-by-N, the class numbers predicted here, from 1; H-by-W-by-N for a
%                    segmentation; [] for a regression
%     changed        numbers, from 1, of the test inputs for which PyTorch in float64 predicts
%                    another class, in a segmentation of one pixel or more
%     resultFile     name of the result file, '' if none was written
%
%   Example:
%      report = cifarx.verify('model.mat');
%      [~, worst] = max([report.layers.ratio]);
%      report.layers(worst)
%
%   See also cifarx.load, cifarx.predict.

cifarx.internal.check.requireArguments(nargin, 1, 'verify');
net = cifarx.load(file);
file = char(file);
[~, ~, extension] = fileparts(file);
if isempty(extension) && ~isfile(file)
    file = [file '.mat'];  % as cifarx.load does
end
options = parsed(file, varargin);
requireReference(net, file);
report.verdict = '';
report.runtime = cifarx.internal.runtime();
report.task = net.task;
report.checks = struct('passed', {}, 'name', {}, 'detail', {});

[found, arrays] = cifarx.internal.file.digests(net, file);
[same, detail] = weightsAreWhole(net, found.arrays, arrays);
report = note(report, same, 'weights', detail);

[contract, detail] = inputsAreRight(net);
report = note(report, contract, 'input', detail);

inputs = cifarx.internal.layout.each(net.test.inputs, numel(net.inputs));
count = cifarx.internal.layout.countOf(inputs{1}, net.inputs(1));
outputs = cifarx.internal.compute(net, inputs, 16, 'verify');
chosen = round(linspace(1, count, min(options.LayerImages, count)));
for i = 1:numel(inputs)
    inputs{i} = cifarx.internal.layout.chosen(inputs{i}, net.inputs(i), chosen);
end
report.layerImages = numel(chosen);
report.layers = cifarx.internal.truth.localCheck(net, inputs);
report.outputNames = {net.outputs.Name};
report.outputs = cifarx.internal.layout.joined(outputs);
judged = judgedOutputs(net, outputs);
report = note(report, all([judged.credible]), 'reference', referenceText(judged, net.outputs));
report.ratio = [judged.ratio];
report.spread = [judged.spread];
report.predictions = judged(1).predictions;
report.changed = judged(1).changed;
for o = 1:numel(judged)
    sound = judged(o).passed && (o > 1 || all([report.layers.passed]));
    parts = {judged(o).shape, worstOf(report.layers), judged(o).figures};
    report = note(report, sound, report.runtime, strjoin(parts([true, o == 1, true]), ' | '));
end

predicts = ~strcmp(net.task, 'regression');
if all([report.checks.passed])
    report.verdict = 'EQUIVALENT';
elseif predicts && contract && isempty(report.changed) && all([judged.finite])
    report.verdict = 'SAME PREDICTIONS';
else
    report.verdict = 'DIFFERENT';
end
report.resultFile = cifarx.internal.file.writeResult(options.ResultFile, report, found);
fprintf('%s | %s on the %d test inputs of %s\n', report.verdict, report.runtime, count, file);
end

function options = parsed(file, given)
%PARSED  The options, checked.
ending = '.matlab-result.mat';
[folder, name] = fileparts(file);
options = struct('ResultFile', fullfile(folder, [name ending]), 'LayerImages', 16);
options = cifarx.internal.nameValues(given, options, 'verify', 1);
wanted = options.ResultFile;
named = ischar(wanted) && size(wanted, 1) == 1;
named = named && ~isempty(regexp(wanted, '.\.matlab-result\.mat$', 'once'));
if ~named && ~(ischar(wanted) && isempty(wanted))
    error('cifarx:verify:resultFile', ...
          ['''ResultFile'' must be a name that ends in ''%s'', so that no network is ' ...
           'overwritten, or '''' for none, but is %s.'], ending, ...
          cifarx.internal.message.valueText(wanted));
end
images = options.LayerImages;
if ~isnumeric(images) || ~isscalar(images) || ~(images >= 1) || ceil(images) ~= images
    error('cifarx:verify:layerImages', ...
          ['''LayerImages'' must be a whole number of images, 1 or more, or Inf for ' ...
           'all, but is %s.'], cifarx.internal.message.valueText(images));
end
options.LayerImages = double(images);
end

function requireReference(net, file)
%REQUIREREFERENCE  Refuse a file without outputs of PyTorch.
if isempty(net.test.reference)
    error('cifarx:verify:noReference', ...
          ['''%s'' holds no outputs of PyTorch to compare with, because %s wrote it with ' ...
           'changed weights. Make a run from it with ''cifarx import'' and export that run.'], ...
          file, net.format.producer);
end
end

function report = note(report, passed, name, detail)
%NOTE  Add a check to the report and print its line.
report.checks(end + 1) = struct('passed', passed, 'name', name, 'detail', detail);
words = {'FAILED', 'PASSED'};
fprintf('%s | %s | %s\n', words{passed + 1}, name, detail);
end

function [right, detail] = inputsAreRight(net)
%INPUTSARERIGHT  Compare the images as normalized here with the inputs of PyTorch.
inputs = cifarx.internal.layout.each(net.test.inputs, numel(net.inputs));
count = cifarx.internal.layout.countOf(inputs{1}, net.inputs(1));
pixels = cifarx.internal.interface.ofPixels(net);
if isempty(pixels)
    right = true;
    detail = sprintf('the file has no normalization; its %d inputs are used as they are', count);
    return
end
images = cifarx.internal.normalize(net.test.images, net.inputs(pixels));
same = all(reshape(images == inputs{pixels}, [], count), 1);
right = all(same);
detail = sprintf('%d of %d test images normalized to the same bits as in PyTorch', ...
                 sum(same), count);
end

function [same, detail] = weightsAreWhole(net, found, count)
%WEIGHTSAREWHOLE  Compare the digest of the arrays with that of the exporter.
same = strcmp(found, net.format.arrays_sha256);
if isempty(found)
    detail = 'the SHA-256 of the arrays cannot be computed here';
elseif same
    detail = sprintf('%d arrays are as exported (SHA-256 %s...)', count, found(1:12));
else
    detail = sprintf('the %d arrays are not as exported (SHA-256 %s..., expected %s...)', ...
                     count, found(1:12), ...
                     net.format.arrays_sha256(1:min(12, end)));
end
end

function judged = judgedOutputs(net, outputs)
%JUDGEDOUTPUTS  Every output compared with PyTorch, a 1-by-O structure array.
count = numel(outputs);
yardsticks = cifarx.internal.layout.each(net.test.outputs, count);
references = cifarx.internal.layout.each(net.test.reference, count);
for o = count:-1:1
    judged(o) = cifarx.internal.truth.judgeOutput(outputs{o}, yardsticks{o}, references{o}, ...
                                                  net.outputs(o), net.task);
end
end

function text = referenceText(judged, outputs)
%REFERENCETEXT  How far PyTorch's float32 is from its float64, per output.
text = judged(1).own;
if numel(judged) > 1
    text = strjoin(strcat({outputs.Name}, {': '}, {judged.own}), '; ');
end
end

function words = worstOf(layers)
%WORSTOF  The layer closest to its bound, or farthest beyond it, as text.
[ratio, worst] = max([layers.ratio]);
layer = layers(worst);
beyond = sum(~[layers.passed]);
if beyond == 0
    words = sprintf('worst layer %s: %.2g of bound', layer.Name, ratio);
else
    module = '';
    if ~isempty(layer.Module)
        module = sprintf(', module ''%s''', layer.Module);
    end
    words = sprintf('worst layer %s (%s%s): %.2g of bound; %d of %d layers are beyond it', ...
                    layer.Name, layer.Kind, module, ratio, beyond, numel(layers));
end
end
