function report = verify(file, varargin)
%VERIFY  Check that a network computes here what it computed in PyTorch.
%
%   REPORT = CIFARX.VERIFY(FILE) loads the network FILE, runs it on the test
%   images inside the file and judges the outputs by those that PyTorch gave in
%   float64, in units of the error that PyTorch itself makes in float32. Each layer
%   is judged by the same layer in double precision for the input that it gets here,
%   within what rounding to single may make of it. It prints one line a check and
%   the verdict last, and returns a structure:
%
%     verdict       'EQUIVALENT', 'SAME PREDICTIONS' or 'DIFFERENT'
%     runtime       such as 'octave 7.3.0' or 'matlab R2024b'
%     checks        1-by-n structure array with passed (logical), name, detail
%     layers        1-by-L structure array with Name, Kind, Module (its path in
%                   PyTorch), ratio (largest error over its bound) and passed
%     layerImages   number of images that the layers were judged on
%     logits        K-by-N single, the outputs computed here
%     ratio         error of the outputs over that of PyTorch in float32
%     predictions   1-by-N, the class numbers predicted here, from 1
%     changed       the images (1..N) for which float64 predicts another class
%     resultFile    name of the file that was written, '' for none
%
%   EQUIVALENT: weights, normalised images, layers and outputs are right to
%   within float32 rounding. SAME PREDICTIONS: something differs by more, but no
%   prediction. DIFFERENT: predictions differ, or the images are not prepared
%   as for PyTorch. A file without normalisation has no images, only inputs, which
%   are taken as they are. No toolbox is needed.
%
%   The outcome is also written to a MAT-file beside FILE: model.matlab-result.mat
%   for model.mat. 'cifarx verify' in Python judges the outputs in it anew when it
%   lies beside model.mat and model.onnx. Where it cannot be written, a line says so,
%   and the check counts all the same.
%
%   REPORT = CIFARX.VERIFY(..., 'ResultFile', NAME) writes it to NAME, which must end
%   in '.matlab-result.mat'; '' writes none.
%
%   REPORT = CIFARX.VERIFY(..., 'LayerImages', M) judges the layers on M images
%   (default 16), evenly out of the N; Inf takes all. It needs 0.3 s an image for
%   0.6 billion multiply-adds, and memory for 8 images in double precision.
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
    file = [file '.mat'];  % as cifarx.load took it
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
          ['''LayerImages'' must be a whole number of images from 1, or Inf for ' ...
           'all, but is %s.'], cifarx.internal.message.valueText(images));
end
options.LayerImages = double(images);
end

function requireReference(net, file)
%REQUIREREFERENCE  Refuse a file without PyTorch's outputs; cifarx.load checked the rest.
if isempty(net.test.reference)
    error('cifarx:verify:noReference', ...
          ['''%s'' holds no outputs of PyTorch to compare with: %s wrote it, with weights of ' ...
           'its own. Make a run of it with ''cifarx import'', and export that.'], ...
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
%INPUTSARERIGHT  Compare the images, normalised here, with what PyTorch was given.
count = size(net.test.inputs, 4);
if strcmp(net.input.Normalization, 'none')
    right = true;
    detail = sprintf('the file has no normalisation; its %d inputs are taken as they are', count);
    return
end
inputs = cifarx.internal.normalize(net.test.images, net.input);
same = all(reshape(inputs == net.test.inputs, [], count), 1);
right = all(same);
detail = sprintf('%d of %d test images normalised to the bits that PyTorch was given', ...
                 sum(same), count);
end

function [same, detail] = weightsAreWhole(net, found, count)
%WEIGHTSAREWHOLE  Compare the arrays with the digest that the exporter took.
same = strcmp(found, net.format.arrays_sha256);
if same
    detail = sprintf('%d arrays are those that were exported (SHA-256 %s...)', count, found(1:12));
else
    detail = sprintf(['the %d arrays are not those that were exported (SHA-256 %s..., ' ...
                      'expected %s...)'], count, found(1:12), ...
                     net.format.arrays_sha256(1:min(12, end)));
end
end

function words = worstOf(layers)
%WORSTOF  The layer nearest to its bound, or, with all that is known of it, farthest beyond.
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
