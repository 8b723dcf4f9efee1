function Y = leakyReLU(X, scale)
%LEAKYRELU  Scale negative values.
%
%   Y = CIFARX.LAYER.LEAKYRELU(X, SCALE) is X where it is positive and SCALE * X
%   elsewhere, for a single array X of any size and a number SCALE.

Y = max(X, 0) + scale * min(X, 0);
end
