function [Y, bound] = ofPooling(layer, X)
%OFPOOLING  Maxima and means in double precision.
%
%   [Y, BOUND] = CIFARX.INTERNAL.TRUTH.OFPOOLING(LAYER, X): see CIFARX.INTERNAL.TRUTH.LOCALTRUTH.
%   Maxima are exact; means are bounded like sums.

padding = [0 0 0 0];
stride = [1 1];
window = [size(X, 1), size(X, 2)];  % for global pooling
if any(strcmp(layer.Kind, {'MaxPooling2DLayer', 'AveragePooling2DLayer'}))
    padding = layer.Padding;
    stride = layer.Stride;
    window = layer.PoolSize;
end
if any(strcmp(layer.Kind, {'MaxPooling2DLayer', 'GlobalMaxPooling2DLayer'}))
    seen = cifarx.internal.truth.shifted(X, window, stride, padding, [1 1], -Inf);
    Y = over(window, seen, @max);
    bound = 0;
    return
end
divisor = prod(window);
if strcmp(layer.Kind, 'AveragePooling2DLayer') && strcmp(layer.PaddingValue, 'mean')
    inside = ones(size(X, 1), size(X, 2));
    seen = cifarx.internal.truth.shifted(inside, window, stride, padding, [1 1], 0);
    divisor = over(window, seen, @plus);
end
seen = cifarx.internal.truth.shifted(X, window, stride, padding, [1 1], 0);
Y = over(window, seen, @plus) ./ divisor;
absolute = over(window, @(i, j) abs(seen(i, j)), @plus) ./ divisor;
bound = cifarx.internal.truth.gammaBound(prod(window) + 1, numel(Y)) * absolute;
end

function Y = over(window, seen, combine)
%OVER  Combine what all positions of the window see.
Y = seen(1, 1);
for k = 2:prod(window)
    [i, j] = ind2sub(window, k);
    Y = combine(Y, seen(i, j));
end
end
