function Y = clippedReLU(X, ceiling)
%CLIPPEDRELU  Clip values to the range from zero to a ceiling.
%
%   Y = CIFARX.LAYER.CLIPPEDRELU(X, CEILING) is min(max(X, 0), CEILING) for a single array X of any
%   size, and NaN where X is NaN, as in PyTorch. ReLU6 has a CEILING of 6.

Y = cifarx.internal.keepNaN(min(max(X, 0), ceiling), X);
end
