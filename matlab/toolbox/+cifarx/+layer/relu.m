function Y = relu(X)
%RELU  Set negative values to zero.
%
%   Y = CIFARX.LAYER.RELU(X) is max(X, 0) for a single array X of any size, and NaN where X is NaN,
%   as in PyTorch.

Y = cifarx.internal.keepNaN(max(X, 0), X);
end
