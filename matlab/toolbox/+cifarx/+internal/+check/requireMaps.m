function requireMaps(layer, given)
%REQUIREMAPS  Refuse features if a layer needs maps.
%
%   CIFARX.INTERNAL.CHECK.REQUIREMAPS(LAYER, GIVEN) raises an error unless GIVEN, the size of the
%   input of LAYER, is [H W C].

if numel(given) ~= 3
    cifarx.internal.message.refuse(layer, 'inputSize', ...
                                   ['gets %d features, expected maps (height, width, ' ...
                                    'channels)'], given);
end
end
