function checkTest(test, input, classes)
%CHECKTEST  Refuse a test batch whose arrays do not belong together.
%
%   CIFARX.INTERNAL.CHECK.CHECKTEST(TEST, INPUT, CLASSES) checks the fields of net.test against
%   net.input and the number of CLASSES, for N >= 1 images:
%
%     images     H-by-W-by-C-by-N uint8, [] if the normalization is unknown
%     inputs     H-by-W-by-C-by-N single
%     labels     1-by-N class numbers from 1 to CLASSES, or []
%     logits     CLASSES-by-N single
%     reference  CLASSES-by-N double, or []
%
%   All values must be real and finite.

count = size(test.inputs, 4);
maps = [input.InputSize, count];
answers = [classes, count];
demand('inputs', test.inputs, 'single', maps, false);
if strcmp(input.Normalization, 'none')
    maps = [0 0];
end
demand('images', test.images, 'uint8', maps, strcmp(input.Normalization, 'none'));
demand('labels', test.labels, 'double', [1, count], true);
demand('logits', test.logits, 'single', answers, false);
demand('reference', test.reference, 'double', answers, true);
if ~isempty(test.labels) && ~all(ismember(test.labels, 1:classes))
    error('cifarx:check:fieldValue', ...
          'test.labels holds %g, expected class numbers from 1 to %d', ...
          test.labels(find(~ismember(test.labels, 1:classes), 1)), classes);
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
          'test.%s is %s, expected %s (from input.InputSize, classes and test.inputs)', ...
          key, cifarx.internal.message.sizeText(value), cifarx.internal.message.shapeText(wanted));
end
wrong = find(~isfinite(value), 1);
if ~isempty(wrong)
    error('cifarx:check:notFinite', ...
          'test.%s holds %g at element %d of %d, expected finite numbers', ...
          key, value(wrong), wrong, numel(value));
end
end
