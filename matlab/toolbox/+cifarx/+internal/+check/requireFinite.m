function requireFinite(layer, key)
%REQUIREFINITE  Refuse an array that holds a NaN or an infinite number.
%
%   CIFARX.INTERNAL.CHECK.REQUIREFINITE(LAYER, KEY) looks through LAYER.(KEY). A sum that is
%   finite has no other addends, and takes a fraction of the time of looking at each.

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
