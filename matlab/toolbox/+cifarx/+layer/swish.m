function Y = swish(X)
%SWISH  The input times its logistic function; PyTorch's SiLU.
%
%   Y = CIFARX.LAYER.SWISH(X) is X ./ (1 + exp(-X)) for a single array X of any
%   size.

Y = X .* cifarx.layer.sigmoid(X);
end
