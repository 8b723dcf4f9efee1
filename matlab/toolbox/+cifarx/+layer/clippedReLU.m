function Y = clippedReLU(X, ceiling)
%CLIPPEDRELU  Cut values off below zero and above a ceiling.
%
%   Y = CIFARX.LAYER.CLIPPEDRELU(X, CEILING) is min(max(X, 0), CEILING) for a
%   single array X of any size, and NaN where X is, as in PyTorch; 6 is the CEILING of
%   ReLU6.

Y = cifarx.internal.keepNaN(min(max(X, 0), ceiling), X);
end
