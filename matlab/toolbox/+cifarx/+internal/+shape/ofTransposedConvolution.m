function shape = ofTransposedConvolution(layer, given)
%OFTRANSPOSEDCONVOLUTION  Size of the output of a transposed convolution.
%
%   SHAPE = CIFARX.INTERNAL.SHAPE.OFTRANSPOSEDCONVOLUTION(LAYER, GIVEN) checks LAYER against maps
%   of size GIVEN = [H W C] and returns [H' W' F].

cifarx.internal.check.requireMaps(layer, given);
[height, width, filters, ~] = size(layer.Weights);
cifarx.internal.check.requireArray(layer, 'Weights', [height, width, filters, given(3)]);
cifarx.internal.check.requireArray(layer, 'Bias', [1, 1, filters]);
whole = (given(1:2) - 1) .* layer.Stride + [height, width];
left = whole - layer.Cropping([1 3]) - layer.Cropping([2 4]);
if any(left < 1)
    cifarx.internal.message.refuse(layer, 'inputSize', ...
                                   'its Cropping %s leaves nothing of %d-by-%d', ...
                                   mat2str(layer.Cropping), whole);
end
shape = [left, filters];
end
