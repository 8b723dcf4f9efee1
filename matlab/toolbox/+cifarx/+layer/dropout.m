function Y = dropout(X)
%DROPOUT  Return the input: dropout acts only in training.
%
%   Y = CIFARX.LAYER.DROPOUT(X) is X, maps H-by-W-by-C-by-N single or features F-by-N single.

Y = X;
end
