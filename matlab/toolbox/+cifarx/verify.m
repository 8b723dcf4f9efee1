function report = verify(file, varargin)
%VERIFY  Check that a network computes the same here as in PyTorch.
%
%   REPORT = CIFARX.VERIFY(FILE) runs the network in the MAT-file FILE on the test images in the
%   file and compares its weights, normalized images, layers and outputs with those of PyTorch.
%   It prints one line per check and the verdict last. No toolbox is needed.
%
%   REPORT = CIFARX.VERIFY(FILE, NAME, VALUE) also sets options.
%
%   The outputs are compared with those of PyTorch in float64, in units of the error that PyTorch
%   itself makes in float32. Each layer is compared with the same layer computed in double
%   precision from the same single input, and its error must stay within the rounding bound of
%   single precision. Errors of earlier layers therefore do not count against a later one.
%
%   The verdicts are:
%     EQUIVALENT         weights, normalized images, layers and outputs agree to within float32
%                        rounding
%     SAME PREDICTIONS   something differs by more than rounding, but no prediction changes
%     DIFFERENT          predictions change, or the images are not normalized as in PyTorch
%
%   If the file has no normalization, it holds inputs instead of images, and they are used as
%   they are.
%
%   Name-value arguments:
%     'ResultFile'   file to write the result to, for 'cifarx verify' in Python. The name must
%                    end in '.matlab-result.mat'; '' writes no file. The default is
%                    model.matlab-result.mat beside model.mat, where 'cifarx verify' finds it.
%                    If the file cannot be written, a line says so and the verdict stands.
%     'LayerImages'  number of test images, evenly spaced, on which the layers are checked,
%                    default 16; Inf for all. A network of 0.6 billion multiply-adds takes about
%                    0.3 s per image. Memory is needed for 8 images in double precision.
%
%   Output argument, a 1-by-1 structure:
%     verdict        'EQUIVALENT', 'SAME PREDICTIONS' or 'DIFFERENT'
%     runtime        such as 'octave 7.3.0' or 'matlab R2024b'
%     checks         1-by-n structure array: passed (logical), name, detail
%     layers         1-by-L structure array: Name, Kind, Module (path in PyTorch), ratio (largest
%                    error divided by its bound), passed
%     layerImages    number of images on which the layers were checked
%     logits         K-by-N single, the outputs computed here
%     ratio          error of the outputs divided by that of PyTorch in float32
%     predictions    1-by-N, the class numbers predicted here, from 1
%     changed        image numbers, from 1, for which PyTorch in float64 predicts another class
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
report.checks = struct('passed', {}, 'name', {}, 'detail', {});

[found, arrays] = cifarx.internal.file.digests(net, file);
[same, detail] = weightsAreWhole(net, found.arrays, arrays);
report = note(report, same, 'weights', detail);

[contract, detail] = inputsAreRight(net);
report = note(report, contract, 'input', detail);

count = size(net.test.inputs, 4);
chosen = round(linspace(1, count, min(options.LayerImages, count)));
report.logits = cifarx.predict(net, net.test.inputs);
report.layerImages = numel(chosen);
report.layers = cifarx.internal.truth.localCheck(net, net.test.inputs(:, :, :, chosen));
judged = cifarx.internal.truth.judgeLogits(report.logits, net.test.logits, net.test.reference);
report = note(report, judged.credible, 'reference', judged.own);
report.ratio = judged.ratio;
report.predictions = judged.predictions;
report.changed = judged.changed;
sound = judged.passed && all([report.layers.passed]);
detail = strjoin({judged.shape, worstOf(report.layers), judged.figures}, ' | ');
report = note(report, sound, report.runtime, detail);

if all([report.checks.passed])
    report.verdict = 'EQUIVALENT';
elseif contract && isempty(report.changed) && judged.finite
    report.verdict = 'SAME PREDICTIONS';
else
    report.verdict = 'DIFFERENT';
end
report.resultFile = cifarx.internal.file.writeResult(options.ResultFile, report, found);
fprintf('%s | %s on the %d test images of %s\n', report.verdict, report.runtime, count, file);
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
count = size(net.test.inputs, 4);
if strcmp(net.input.Normalization, 'none')
    right = true;
    detail = sprintf('the file has no normalization; its %d inputs are used as they are', count);
    return
end
inputs = cifarx.internal.normalize(net.test.images, net.input);
same = all(reshape(inputs == net.test.inputs, [], count), 1);
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
