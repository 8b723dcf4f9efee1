function Y = globalMaxPooling2d(X)
%GLOBALMAXPOOLING2D  Greatest value of each map.
%
%   Y = CIFARX.LAYER.GLOBALMAXPOOLING2D(X) turns the H-by-W-by-C-by-N single array
%   X into 1-by-1-by-C-by-N. A map with a NaN gives NaN, as in PyTorch.

greatest = @(X) max(max(X, [], 1), [], 2);
Y = cifarx.internal.keepNaN(greatest(X), X, greatest);
end
