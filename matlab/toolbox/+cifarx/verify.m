function report = verify(file)
%VERIFY  Check that a network computes here what it computed in PyTorch.
%
%   REPORT = CIFARX.VERIFY(FILE) loads the network FILE, runs it on the test
%   images inside the file and compares the outputs with those that PyTorch gave
%   in float64, in units of the error that PyTorch itself makes in float32. It
%   prints one line a check and the verdict last, and returns a structure:
%
%     verdict       'EQUIVALENT', 'SAME PREDICTIONS' or 'DIFFERENT'
%     runtime       such as 'octave 7.3.0' or 'matlab 9.14.0'
%     checks        1-by-n structure array with passed (logical), name, detail
%     logits        K-by-N single, the outputs computed here
%     ratio         error of the outputs over that of PyTorch in float32
%     predictions   1-by-N, the class numbers predicted here, from 1
%     changed       the images (1..N) for which float64 predicts another class
%
%   EQUIVALENT: weights, normalised images and outputs are right to within
%   float32 rounding. SAME PREDICTIONS: something differs by more, but no
%   prediction. DIFFERENT: predictions differ, or the images are not prepared
%   as for PyTorch. A file without normalisation has no images, only inputs, which
%   are taken as they are. No toolbox is needed.
%
%   Example:
%      report = cifarx.verify('model.mat');
%
%   See also cifarx.load, cifarx.predict.

net = cifarx.load(file);
requireSizes(net, file);
report.verdict = '';
report.runtime = cifarx.internal.runtime();
report.checks = struct('passed', {}, 'name', {}, 'detail', {});

[same, detail] = weightsAreWhole(net);
report = note(report, same, 'weights', detail);

[contract, detail] = inputsAreRight(net);
report = note(report, contract, 'input', detail);

report.logits = cifarx.predict(net, net.test.inputs);
judged = cifarx.internal.judgeLogits(report.logits, net.test.logits, net.test.reference);
report = note(report, judged.credible, 'reference', judged.own);
report.ratio = judged.ratio;
report.predictions = judged.predictions;
report.changed = judged.changed;
report = note(report, judged.passed, report.runtime, judged.detail);

if all([report.checks.passed])
    report.verdict = 'EQUIVALENT';
elseif contract && isempty(report.changed) && judged.finite
    report.verdict = 'SAME PREDICTIONS';
else
    report.verdict = 'DIFFERENT';
end
fprintf('%s | %s on the %d test images of %s\n', report.verdict, report.runtime, ...
        size(net.test.inputs, 4), file);
end

function requireSizes(net, file)
%REQUIRESIZES  Refuse a test batch whose arrays do not belong together.
known = {'images', 'inputs', 'labels', 'logits', 'reference'};
if ~isstruct(net.test) || ~all(isfield(net.test, known))
    error('cifarx:verify:testBatch', ...
          'The variable ''test'' of ''%s'' must be a structure with the fields %s.', ...
          file, strjoin(known, ', '));
end
count = size(net.test.inputs, 4);
wide = @(x) [size(x, 1), size(x, 2)];
outputs = [numel(net.classes), count];
sound = ~isempty(net.test.inputs) && any(numel(net.test.labels) == [0, count]);
if strcmp(net.input.Normalization, 'none')
    sound = sound && isempty(net.test.images);
else
    sound = sound && isequal(size(net.test.images), size(net.test.inputs));
end
sound = sound && isequal(outputs, wide(net.test.logits), wide(net.test.reference));
if ~sound
    error('cifarx:verify:testBatch', ...
          ['The test batch of ''%s'' is not sound: for %d images and %d classes, images, ' ...
           'labels, logits or reference have other sizes, or there is no image.'], ...
          file, count, numel(net.classes));
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

function [same, detail] = weightsAreWhole(net)
%WEIGHTSAREWHOLE  Compare the arrays with the digest that the exporter took.
bytes = cell(1, 0);
for i = 1:numel(net.layers)
    if isstruct(net.layers(i).Source)
        keys = fieldnames(net.layers(i).Source);
        for k = 1:numel(keys)
            values = net.layers(i).(keys{k});
            bytes{end + 1} = reshape(typecast(single(values(:)), 'uint8'), [], 1); %#ok<AGROW>
        end
    end
end
found = cifarx.internal.sha256(vertcat(bytes{:}));
same = strcmp(found, net.format.arrays_sha256);
if same
    detail = sprintf('%d arrays are those that were exported (SHA-256 %s...)', ...
                     numel(bytes), found(1:12));
else
    detail = sprintf(['the %d arrays are not those that were exported (SHA-256 %s..., ' ...
                      'expected %s...)'], numel(bytes), found(1:12), ...
                     net.format.arrays_sha256(1:min(12, end)));
end
end
