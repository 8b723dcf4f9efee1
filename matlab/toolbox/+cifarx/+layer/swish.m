function Y = swish(X)
%SWISH  Input times its logistic function; SiLU in PyTorch.
%
%   Y = CIFARX.LAYER.SWISH(X) is X ./ (1 + exp(-X)) for a single array X of any size.

Y = X .* cifarx.layer.sigmoid(X);
end
