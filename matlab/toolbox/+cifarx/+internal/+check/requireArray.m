function requireArray(layer, key, varargin)
%REQUIREARRAY  Refuse an array of a layer with another class or size, or with NaN or Inf.
%
%   CIFARX.INTERNAL.CHECK.REQUIREARRAY(LAYER, KEY, SIZE, ...) checks that LAYER.(KEY) is a finite
%   real single array of one of the sizes SIZE. Trailing dimensions of length 1 may be left out.

value = layer.(key);
found = size(value);
fits = false;
for i = 1:numel(varargin)
    wanted = varargin{i};
    count = max([2, find(wanted ~= 1, 1, 'last')]);
    fits = fits || isequal(found, wanted(1:count));
end
if ~isa(value, 'single') || ~isreal(value)
    cifarx.internal.message.refuse(layer, 'fieldClass', ...
                                   '%s is %s, expected real single; convert it with single()', ...
                                   key, cifarx.internal.message.classText(value));
end
if ~fits
    texts = cell(1, numel(varargin));
    for i = 1:numel(varargin)
        wanted = varargin{i};
        wanted = wanted(1:max([2, find(wanted ~= 1, 1, 'last')]));
        texts{i} = sprintf('%d-by-', wanted);
        texts{i} = texts{i}(1:end - 4);
    end
    cifarx.internal.message.refuse(layer, 'fieldSize', '%s is %s, expected %s', key, ...
                                   cifarx.internal.message.sizeText(value), ...
                                   strjoin(unique(texts), ' or '));
end
cifarx.internal.check.requireFinite(layer, key);
end
