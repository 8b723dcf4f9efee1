function shape = ofResize(layer, given)
%OFRESIZE  Size of the output of a Resize2DLayer.
%
%   SHAPE = CIFARX.INTERNAL.SHAPE.OFRESIZE(LAYER, GIVEN) checks LAYER against maps of size
%   GIVEN = [H W C] and returns [H' W' C].

cifarx.internal.check.requireMaps(layer, given);
wanted = layer.OutputSize;
fits = layer.Scale == wanted ./ given(1:2) | floor(layer.Scale .* given(1:2)) == wanted;
if ~all(fits)
    cifarx.internal.message.refuse(layer, 'fieldValue', ...
                                   'OutputSize is %s, expected Scale, %s, times the maps'' %s', ...
                                   mat2str(wanted), mat2str(layer.Scale, 4), mat2str(given(1:2)));
end
shape = [wanted, given(3)];
end
