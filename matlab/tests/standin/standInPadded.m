function X = standInPadded(X, edges, value)
%STANDINPADDED  Maps with [t b l r] rows and columns of a value around them.
X = cat(1, value * ones([edges(1), size(X, 2), size(X, 3), size(X, 4)]), X, ...
        value * ones([edges(2), size(X, 2), size(X, 3), size(X, 4)]));
X = cat(2, value * ones([size(X, 1), edges(3), size(X, 3), size(X, 4)]), X, ...
        value * ones([size(X, 1), edges(4), size(X, 3), size(X, 4)]));
end
