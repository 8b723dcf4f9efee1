function Y = sigmoid(X)
%SIGMOID  Logistic function.
%
%   Y = CIFARX.LAYER.SIGMOID(X) is 1 ./ (1 + exp(-X)) for a single array X of any size. Below zero
%   it is computed as exp(X) ./ (1 + exp(X)), because exp(-X) would overflow.

small = exp(-abs(X));  % in 0..1
Y = max(small, single(X >= 0)) ./ (1 + small);
end
