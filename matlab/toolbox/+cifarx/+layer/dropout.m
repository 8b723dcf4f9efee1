function Y = dropout(X)
%DROPOUT  Nothing at prediction: dropout acts in training only.
%
%   Y = CIFARX.LAYER.DROPOUT(X) is X, maps H-by-W-by-C-by-N single or features F-by-N
%   single.

Y = X;
end
