function Y = dropout(X)
%DROPOUT  Nothing at prediction: dropout acts in training only.
%
%   Y = CIFARX.LAYER.DROPOUT(X) is X.

Y = X;
end
