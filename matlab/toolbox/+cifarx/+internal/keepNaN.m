function Y = keepNaN(Y, X, greatest)
%KEEPNAN  NaN where the input is NaN, which max and min pass over.
%
%   Y = CIFARX.INTERNAL.KEEPNAN(Y, X) gives Y, what a layer made of X element by element,
%   with NaN wherever the single array X of the same size has it, as in PyTorch.
%
%   Y = CIFARX.INTERNAL.KEEPNAN(Y, X, GREATEST) is for windows: GREATEST is the function
%   that gives the greatest value of each, and a window with a NaN becomes NaN.
%
%   A sum of squares that is a number has no NaN in it, and takes a fraction of the time of
%   looking at each.

if ~isnan(dot(X(:), X(:)))
    return
end
found = isnan(X);
if nargin > 2
    found = greatest(single(found)) > 0;
end
Y(found) = NaN;
end
