function Y = leakyReLU(X, scale)
%LEAKYRELU  Scale negative values.
%
%   Y = CIFARX.LAYER.LEAKYRELU(X, SCALE) is X where it is positive and SCALE * X
%   elsewhere, NaN where X is, for a single array X of any size and a number SCALE.

Y = cifarx.internal.keepNaN(max(X, 0) + scale * min(X, 0), X);
end
