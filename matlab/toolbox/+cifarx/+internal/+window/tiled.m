function X = tiled(X, poolSize)
%TILED  Maps cut into windows that lie side by side.
%
%   X = CIFARX.INTERNAL.WINDOW.TILED(X, POOLSIZE) gives for the H-by-W-by-C-by-N array X and
%   windows of POOLSIZE = [h w] pixels an h-by-H'-by-w-by-W'-by-C-by-N array. Rows and columns
%   that do not fill a window are left out. Hardly anything is copied, which makes pooling fast.

[height, width, channels, count] = size(X);
left = floor([height, width] ./ poolSize);
X = X(1:left(1) * poolSize(1), 1:left(2) * poolSize(2), :, :);
X = reshape(X, poolSize(1), left(1), poolSize(2), left(2), channels, count);
end
