function Y = globalAveragePooling2d(X)
%GLOBALAVERAGEPOOLING2D  Mean of each map.
%
%   Y = CIFARX.LAYER.GLOBALAVERAGEPOOLING2D(X) turns the H-by-W-by-C-by-N single
%   array X into 1-by-1-by-C-by-N.

Y = sum(sum(X, 1), 2) / single(size(X, 1) * size(X, 2));
end
