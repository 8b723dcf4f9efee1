function X = tiled(X, poolSize)
%TILED  Cut maps into adjacent windows.
%
%   X = CIFARX.INTERNAL.WINDOW.TILED(X, POOLSIZE) cuts the H-by-W-by-C-by-N array X into windows of
%   POOLSIZE = [h w] pixels and returns an h-by-H'-by-w-by-W'-by-C-by-N array. Rows and columns that
%   do not fill a window are left out. Hardly any data is copied, so pooling over it is fast.

[height, width, channels, count] = size(X);
left = floor([height, width] ./ poolSize);
X = X(1:left(1) * poolSize(1), 1:left(2) * poolSize(2), :, :);
X = reshape(X, poolSize(1), left(1), poolSize(2), left(2), channels, count);
end
