function judged = judgeLogits(logits, yardstick, reference)
%JUDGELOGITS  Compare outputs with the truth, in units of float32 rounding.
%
%   JUDGED = CIFARX.INTERNAL.TRUTH.JUDGELOGITS(LOGITS, YARDSTICK, REFERENCE) compares the K-by-N
%   outputs LOGITS of this runtime with REFERENCE, those of PyTorch in float64 (double), in units
%   of the error of YARDSTICK, those of PyTorch in float32 (single). JUDGED is a structure with
%   the fields passed, finite, credible, ratio, largest, predictions, changed, own, shape and
%   figures (parts of a line), and detail (both parts). The rule and its limits are those of
%   verify/README.md, "Logits".

limit = 10;
worstOwn = 2^10;
unit = 2^-24;  % the unit roundoff of single precision
rms = @(x) sqrt(mean(x(:).^2));
difference = double(logits) - reference;

rounding = unit * rms(reference);
roundings = rms(double(yardstick) - reference) / rounding;
judged.credible = roundings <= worstOwn && all(isfinite(reference(:)));
judged.own = sprintf('PyTorch''s float32 is %.1f roundings off its float64', roundings);
own = rounding * max(1, min(roundings, worstOwn));
allowed = limit * own * sqrt(2 * log(2000 * numel(reference)));

judged.finite = ~isempty(logits) && all(isfinite(logits(:))) && all(isfinite(reference(:)));
judged.ratio = rms(difference) / own;
judged.largest = max(abs(difference(:)));
[~, judged.predictions] = max(logits, [], 1);
[~, truth] = max(reference, [], 1);
judged.changed = find(judged.predictions ~= truth);
judged.passed = judged.finite && judged.ratio <= limit && judged.largest <= allowed;

count = size(logits, 2);
judged.shape = sprintf('logits %dx%d', size(logits, 1), count);
judged.figures = sprintf('RMS %.1fx float32 | max error %.1e | predictions %d/%d', ...
                         judged.ratio, judged.largest, count - numel(judged.changed), count);
judged.detail = [judged.shape ' | ' judged.figures];
end
