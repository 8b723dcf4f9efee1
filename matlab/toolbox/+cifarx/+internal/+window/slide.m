function left = slide(layer, given, window, dilation)
%SLIDE  Height and width of the output of a sliding window.
%
%   LEFT = CIFARX.INTERNAL.WINDOW.SLIDE(LAYER, GIVEN, WINDOW, DILATION) returns [H' W'] for the
%   Stride and Padding of LAYER, maps of size GIVEN = [H W], and a WINDOW of [h w] pixels with
%   DILATION.

padded = given(1:2) + layer.Padding([1 3]) + layer.Padding([2 4]);
left = floor((padded - dilation .* (window - 1) - 1) ./ layer.Stride) + 1;
if any(left < 1)
    cifarx.internal.message.refuse(layer, 'inputSize', ...
                                   'its window of %d-by-%d does not fit maps of %d-by-%d', ...
                                   dilation .* (window - 1) + 1, padded);
end
end
