function checkInputs(inputs)
%CHECKINPUTS  Refuse inputs whose sizes, formats or normalizations are invalid.
%
%   CIFARX.INTERNAL.INTERFACE.CHECKINPUTS(INPUTS) checks net.inputs. Names are checked with those of
%   the layers (CIFARX.INTERNAL.CHECK.CHECKLAYERS). The errors are 'cifarx:check:REASON'.

demand = @cifarx.internal.check.demand;
for i = 1:numel(inputs)
    input = inputs(i);
    label = @(key) sprintf('inputs(%d).%s', i, key);
    demand(ischar(input.Format) && any(strcmp(input.Format, {'CB', 'SCB', 'SSCB'})), ...
           'fieldValue', label('Format'), input.Format, '''SSCB'', ''SCB'' or ''CB''');
    rank = numel(input.Format) - 1;
    meanings = {'features', 'length, channels', 'height, width, channels'};
    demand(isWhole(input.Size, rank), 'fieldSize', label('Size'), input.Size, ...
           sprintf('1-by-%d double, whole numbers of 1 or more (%s)', rank, meanings{rank}));
    demand(ischar(input.Normalization) && ...
           any(strcmp(input.Normalization, {'zscore', 'none'})), 'fieldValue', ...
           label('Normalization'), input.Normalization, '''zscore'' or ''none''');
    zscore = strcmp(input.Normalization, 'zscore');
    demand(~zscore || rank == 3, 'fieldValue', label('Normalization'), input.Normalization, ...
           '''none'', because the Format is not ''SSCB''');
    checkNumbers(input, 'Mean', label, zscore);
    checkNumbers(input, 'StandardDeviation', label, zscore);
end
demand(sum(strcmp({inputs.Normalization}, 'zscore')) <= 1, 'fieldValue', ...
       'the number of inputs with the Normalization ''zscore''', ...
       sum(strcmp({inputs.Normalization}, 'zscore')), '0 or 1');
end

function checkNumbers(input, key, label, zscore)
%CHECKNUMBERS  One finite number per channel, or [] without normalization.
demand = @cifarx.internal.check.demand;
value = input.(key);
if ~zscore
    demand(isempty(value), 'fieldSize', label(key), value, ...
           ['[], because ' label('Normalization') ' is ''none''']);
    return
end
channels = input.Size(3);
wanted = sprintf('1-by-1-by-%d single', channels);
demand(isa(value, 'single') && isreal(value), 'fieldClass', label(key), value, wanted);
demand(numel(value) == channels && size(value, 3) == channels, 'fieldSize', label(key), value, ...
       wanted);
demand(all(isfinite(value(:))) && (strcmp(key, 'Mean') || all(value(:) > 0)), 'fieldValue', ...
       label(key), double(value(:).'), 'finite numbers, for StandardDeviation above 0');
end

function sound = isWhole(value, count)
%ISWHOLE  Whether a value is a row of COUNT whole numbers of 1 or more.
sound = isa(value, 'double') && isreal(value) && ~issparse(value) && ...
        isequal(size(value), [1, count]) && all(value >= 1 & value == fix(value) & value < 2^31);
end
