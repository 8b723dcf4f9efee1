function requireFinite(layer, key)
%REQUIREFINITE  Refuse an array with NaN or Inf.
%
%   CIFARX.INTERNAL.CHECK.REQUIREFINITE(LAYER, KEY) checks LAYER.(KEY). If the sum is finite, so
%   are all values; this test is much faster than looking at each value.

values = layer.(key)(:);
if isfinite(sum(values))
    return
end
wrong = find(~isfinite(values), 1);
if ~isempty(wrong)
    cifarx.internal.message.refuse(layer, 'notFinite', ...
                                   ['%s holds %g at element %d of %d, expected finite ' ...
                                    'numbers; the network diverged in training, or the ' ...
                                    'file was damaged'], ...
                                   key, values(wrong), wrong, numel(values));
end
end
