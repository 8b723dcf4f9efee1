function Y = leakyReLU(X, scale)
%LEAKYRELU  Scale negative values.
%
%   Y = CIFARX.LAYER.LEAKYRELU(X, SCALE) is X where X is positive and SCALE * X elsewhere, for a
%   single array X of any size and a number SCALE. Y is NaN where X is NaN.

Y = cifarx.internal.keepNaN(max(X, 0) + scale * min(X, 0), X);
end
