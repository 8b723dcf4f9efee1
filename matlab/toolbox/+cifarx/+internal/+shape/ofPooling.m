function shape = ofPooling(layer, given)
%OFPOOLING  Size of the output of a pooling layer, global or not.
%
%   SHAPE = CIFARX.INTERNAL.SHAPE.OFPOOLING(LAYER, GIVEN) checks LAYER against maps of size
%   GIVEN = [H W C] and returns [H' W' C].

cifarx.internal.check.requireMaps(layer, given);
shape = [1, 1, given(3)];
if strncmp(layer.Kind, 'Global', 6)
    return
end
if any(max(layer.Padding([1 3]), layer.Padding([2 4])) >= layer.PoolSize)
    cifarx.internal.message.refuse(layer, 'fieldValue', ...
                                   ['Padding is %s, expected less than PoolSize, %s, on ' ...
                                    'every side'], ...
                                   mat2str(layer.Padding), mat2str(layer.PoolSize));
end
shape(1:2) = cifarx.internal.window.slide(layer, given, layer.PoolSize, [1 1]);
end
