function Y = globalAveragePooling2d(X)
%GLOBALAVERAGEPOOLING2D  Mean of each map.
%
%   Y = CIFARX.LAYER.GLOBALAVERAGEPOOLING2D(X) averages the H-by-W-by-C-by-N single array X over
%   height and width. Y is 1-by-1-by-C-by-N. Sums are accumulated in double precision.

Y = single(sum(sum(X, 1, 'double'), 2) / (size(X, 1) * size(X, 2)));
end
