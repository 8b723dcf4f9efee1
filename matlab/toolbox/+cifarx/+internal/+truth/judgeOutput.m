function judged = judgeOutput(Y, yardstick, reference, output, task)
%JUDGEOUTPUT  Compare an output with the truth, in units of float32 rounding.
%
%   JUDGED = CIFARX.INTERNAL.TRUTH.JUDGEOUTPUT(Y, YARDSTICK, REFERENCE, OUTPUT, TASK) compares the
%   values Y of an output in this runtime, Size-by-N, with REFERENCE, those of PyTorch in float64
%   (double), in units of the error of YARDSTICK, those of PyTorch in float32 (single). OUTPUT is
%   the element of net.outputs, and TASK is net.task. JUDGED is a structure with the fields
%
%     passed, finite, credible, ratio, largest   as verify/README.md, "Logits", defines them
%     spread         largest error divided by the standard deviation of REFERENCE; NaN if that is
%                    0, [] for a task with predictions
%     predictions    class numbers, 1-by-N (classification) or H-by-W-by-N (segmentation); []
%     changed        image numbers for which PyTorch in float64 predicts another class, in a
%                    segmentation of one pixel or more
%     own, shape, figures, detail   parts of lines

limit = 10;
worstOwn = 2^10;
unit = 2^-24;  % the unit roundoff of single precision
rms = @(x) sqrt(mean(x(:).^2));
difference = double(Y) - reference;

rounding = unit * rms(reference);
roundings = quotient(rms(double(yardstick) - reference), rounding);
judged.credible = roundings <= worstOwn && all(isfinite(reference(:)));
judged.own = sprintf('PyTorch''s float32 is %.1f roundings off its float64', roundings);
own = rounding * max(1, min(roundings, worstOwn));
allowed = limit * own * sqrt(2 * log(2000 * numel(reference)));

judged.finite = ~isempty(Y) && all(isfinite(Y(:))) && all(isfinite(reference(:)));
judged.ratio = quotient(rms(difference), own);
judged.largest = max(abs(difference(:)));
judged.passed = judged.finite && judged.ratio <= limit && judged.largest <= allowed;

judged.shape = [output.Name, ' ', strrep(sizeOf(output, Y), '-by-', 'x')];
judged.figures = sprintf('RMS %.1fx float32 | max error %.1e', judged.ratio, judged.largest);
judged = decided(judged, Y, reference, output, task);
judged.detail = [judged.shape ' | ' judged.figures];
end

function judged = decided(judged, Y, reference, output, task)
%DECIDED  Predictions of images or pixels; otherwise the error in units of the output's spread.
[judged.spread, judged.predictions, judged.changed] = deal([]);
if strcmp(task, 'regression')
    judged.spread = NaN;
    deviation = std(reference(:));
    if deviation > 0
        judged.spread = judged.largest / deviation;
        judged.figures = sprintf('%s, %.1e of its spread', judged.figures, judged.spread);
    end
    return
end
count = cifarx.internal.layout.countOf(Y, output);
dim = numel(output.Size);  % of the classes
[~, judged.predictions] = max(Y, [], dim);
[~, truth] = max(reference, [], dim);
same = reshape(judged.predictions == truth, [], count);
judged.changed = find(~all(same, 1));
noun = 'predictions';
if strcmp(task, 'segmentation')
    noun = 'pixels';
    judged.predictions = reshape(judged.predictions, size(Y, 1), size(Y, 2), count);
end
judged.figures = sprintf('%s | %s %d/%d', judged.figures, noun, sum(same(:)), numel(same));
end

function ratio = quotient(error, unit)
%QUOTIENT  An error in units of another; 0 if there is none, as where all outputs are zero.
ratio = error / unit;
if error == 0
    ratio = 0;
end
end

function text = sizeOf(output, Y)
%SIZEOF  Size of the output, with N.
count = cifarx.internal.layout.countOf(Y, output);
text = cifarx.internal.message.shapeText([double(output.Size), ones(1, isempty(output.Size)), ...
                                          count]);
end
