function Y = globalMaxPooling2d(X)
%GLOBALMAXPOOLING2D  Maximum of each map.
%
%   Y = CIFARX.LAYER.GLOBALMAXPOOLING2D(X) is the maximum of the H-by-W-by-C-by-N single array X
%   over height and width, 1-by-1-by-C-by-N. A map with a NaN becomes NaN, as in PyTorch.

greatest = @(X) max(max(X, [], 1), [], 2);
Y = cifarx.internal.keepNaN(greatest(X), X, greatest);
end
