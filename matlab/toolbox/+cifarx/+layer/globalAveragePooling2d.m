function Y = globalAveragePooling2d(X)
%GLOBALAVERAGEPOOLING2D  Mean of each map.
%
%   Y = CIFARX.LAYER.GLOBALAVERAGEPOOLING2D(X) turns the H-by-W-by-C-by-N single
%   array X into 1-by-1-by-C-by-N. Sums are taken in double precision.

Y = single(sum(sum(X, 1, 'double'), 2) / (size(X, 1) * size(X, 2)));
end
