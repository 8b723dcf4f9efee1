function Y = globalMaxPooling2d(X)
%GLOBALMAXPOOLING2D  Greatest value of each map.
%
%   Y = CIFARX.LAYER.GLOBALMAXPOOLING2D(X) turns the H-by-W-by-C-by-N single array
%   X into 1-by-1-by-C-by-N.

Y = max(max(X, [], 1), [], 2);
end
