function Y = keepNaN(Y, X, greatest)
%KEEPNAN  Restore the NaN values that max and min ignore.
%
%   Y = CIFARX.INTERNAL.KEEPNAN(Y, X) sets Y to NaN where the single array X of the same size is
%   NaN, as PyTorch does. Y is the result of an elementwise layer for X.
%
%   Y = CIFARX.INTERNAL.KEEPNAN(Y, X, GREATEST) does so for windows: GREATEST is the function that
%   returns the largest value of each window, and a window with a NaN becomes NaN.
%
%   If the sum of squares is not NaN, there is no NaN; this test is much faster than looking at
%   each value.

if ~isnan(dot(X(:), X(:)))
    return
end
found = isnan(X);
if nargin > 2
    found = greatest(single(found)) > 0;
end
Y(found) = NaN;
end
