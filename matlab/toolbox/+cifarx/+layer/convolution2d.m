function Y = convolution2d(X, weights, bias, stride, padding, dilation)
%CONVOLUTION2D  Two-dimensional convolution (cross-correlation) of maps.
%
%   Y = CIFARX.LAYER.CONVOLUTION2D(X, WEIGHTS, BIAS, STRIDE, PADDING, DILATION)
%   convolves the H-by-W-by-C-by-N single array X with the h-by-w-by-C-by-F
%   kernels WEIGHTS and adds the 1-by-1-by-F BIAS. STRIDE and DILATION are
%   [vertical horizontal], PADDING is [top bottom left right] zeros. Y is
%   H'-by-W'-by-F-by-N.
%
%   One matrix product a position of the kernel: the channels of all shifted
%   pixels at once (C-by-H'W'N) times the weights there (F-by-C).

[height, width, channels, filters] = size(weights);
X = permute(cifarx.internal.pad(X, padding, 0), [3 1 2 4]);  % C-by-H-by-W-by-N
count = size(X, 4);
[rows, columns] = cifarx.internal.windowed([size(X, 2), size(X, 3)], [height, width], ...
                                           stride, dilation);
Y = repmat(reshape(bias, filters, 1), 1, numel(rows) * numel(columns) * count);
for j = 1:width
    for i = 1:height
        shifted = X(:, rows + 1 + (i - 1) * dilation(1), columns + 1 + (j - 1) * dilation(2), :);
        Y = Y + reshape(weights(i, j, :, :), channels, filters).' * reshape(shifted, channels, []);
    end
end
Y = permute(reshape(Y, filters, numel(rows), numel(columns), count), [2 3 1 4]);
end
