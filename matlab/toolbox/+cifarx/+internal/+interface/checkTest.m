function checkTest(net)
%CHECKTEST  Refuse a test batch whose arrays do not belong together.
%
%   CIFARX.INTERNAL.INTERFACE.CHECKTEST(NET) checks the fields of net.test against net.inputs,
%   net.outputs and net.classes, for N >= 1 observations:
%
%     images     H-by-W-by-C-by-N uint8, pixels of the input with the Normalization 'zscore';
%                [] if there is none
%     inputs     Size-by-N single; with several inputs a 1-by-I cell array of such
%     labels     classification: 1-by-N class numbers from 1; segmentation: H-by-W-by-N class
%                numbers from 1, 0 for pixels without label; or []
%     outputs    Size-by-N single; with several outputs a 1-by-O cell array of such
%     reference  the same in double, or []
%
%   All values must be real and finite.

test = net.test;
inputs = listed(test.inputs, numel(net.inputs), 'inputs', false);
outputs = listed(test.outputs, numel(net.outputs), 'outputs', false);
references = listed(test.reference, numel(net.outputs), 'reference', true);
count = cifarx.internal.layout.countOf(inputs{1}, net.inputs(1));
for i = 1:numel(inputs)
    demand(labelled('inputs', i, numel(inputs)), inputs{i}, 'single', ...
           [net.inputs(i).Size, count], false);
end
pixels = cifarx.internal.interface.ofPixels(net);
if isempty(pixels)
    demand('images', test.images, 'uint8', [0 0], true);
else
    demand('images', test.images, 'uint8', [net.inputs(pixels).Size, count], false);
end
for o = 1:numel(outputs)
    extent = [net.outputs(o).Size, ones(1, isempty(net.outputs(o).Size)), count];
    demand(labelled('outputs', o, numel(outputs)), outputs{o}, 'single', extent, false);
    if ~isempty(references)
        demand(labelled('reference', o, numel(outputs)), references{o}, 'double', extent, false);
    end
end
checkLabels(net, count);
end

function checkLabels(net, count)
%CHECKLABELS  Class numbers of images or pixels.
labels = net.test.labels;
least = 1;
extent = [1, count];
if strcmp(net.task, 'segmentation')
    least = 0;
    extent = [net.outputs.Size(1:2), count];
elseif strcmp(net.task, 'regression')
    extent = [0 0];
end
demand('labels', labels, 'double', extent, true);
wrong = find(~ismember(labels, least:numel(net.classes)), 1);
if ~isempty(wrong)
    error('cifarx:check:fieldValue', ...
          'test.labels holds %g, expected class numbers from %d to %d', labels(wrong), least, ...
          numel(net.classes));
end
end

function list = listed(value, count, key, mayBeEmpty)
%LISTED  The arrays of all inputs or outputs as a cell array; [] if there are none.
list = cifarx.internal.layout.each(value, count);
if mayBeEmpty && isempty(value)
    list = {};
elseif ~iscell(list) || numel(list) ~= count
    error('cifarx:check:fieldSize', 'test.%s is %s, expected a 1-by-%d cell array', key, ...
          cifarx.internal.message.valueText(value), count);
end
end

function label = labelled(key, i, count)
%LABELLED  The name of one of several arrays.
label = key;
if count > 1
    label = sprintf('%s{%d}', key, i);
end
end

function demand(key, value, kind, wanted, mayBeEmpty)
%DEMAND  Refuse an array of another class or size.
if isempty(value) && mayBeEmpty
    return
end
if ~isa(value, kind) || ~isreal(value) || issparse(value)
    error('cifarx:check:fieldClass', 'test.%s is %s, expected real %s', key, ...
          cifarx.internal.message.classText(value), kind);
end
wanted = wanted(1:max([2, find(wanted ~= 1, 1, 'last')]));
if isempty(value) || ~isequal(size(value), wanted)
    error('cifarx:check:fieldSize', ...
          'test.%s is %s, expected %s (from inputs, outputs, classes and test.inputs)', ...
          key, cifarx.internal.message.sizeText(value), cifarx.internal.message.shapeText(wanted));
end
wrong = find(~isfinite(value), 1);
if ~isempty(wrong)
    error('cifarx:check:notFinite', ...
          'test.%s holds %g at element %d of %d, expected finite numbers', ...
          key, value(wrong), wrong, numel(value));
end
end
