function Y = convolve(X, weights, bias, stride, padding, dilation, numGroups)
%CONVOLVE  Convolution as a product of matrices.
%
%   Y = CIFARX.INTERNAL.CONVOLVE(X, WEIGHTS, BIAS, STRIDE, PADDING, DILATION,
%   NUMGROUPS) is CIFARX.LAYER.GROUPEDCONVOLUTION2D, and with one group
%   CIFARX.LAYER.CONVOLUTION2D: for each group the patches (H'W'N-by-hwC/g) times the
%   kernels (hwC/g-by-F/g). As many images at a time as make up 16 MB of patches.

[height, width, channels, filters, ~] = size(weights);
weights = reshape(weights, [], filters, numGroups);
[rows, columns] = cifarx.internal.windowed([size(X, 1), size(X, 2)] + padding([1 3]) + ...
                                           padding([2 4]), [height, width], stride, dilation);
rows = numel(rows);
columns = numel(columns);
count = size(X, 4);
Y = zeros(rows, columns, filters * numGroups, count, 'single');
step = max(1, floor(2^22 / (rows * columns * height * width * channels * numGroups)));
for first = 1:step:count
    chosen = first:min(first + step - 1, count);
    P = cifarx.internal.patches(X(:, :, :, chosen), [height, width], stride, padding, dilation);
    P = reshape(P, size(P, 1), [], numGroups);
    for g = 1:numGroups
        part = reshape(P(:, :, g) * weights(:, :, g), rows, columns, numel(chosen), filters);
        Y(:, :, (g - 1) * filters + (1:filters), chosen) = permute(part, [1 2 4 3]);
    end
end
Y = Y + reshape(bias, 1, 1, []);
end
