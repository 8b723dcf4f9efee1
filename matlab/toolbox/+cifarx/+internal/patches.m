function P = patches(X, window, stride, padding, dilation)
%PATCHES  What a sliding window sees at each place, one row a place.
%
%   P = CIFARX.INTERNAL.PATCHES(X, WINDOW, STRIDE, PADDING, DILATION) gives for the
%   H-by-W-by-C-by-N single array X, surrounded by PADDING = [t b l r] zeros, and
%   windows of WINDOW = [h w] the H'W'N-by-hw-by-C single array of the pixels.

[rows, columns] = cifarx.internal.windowed([size(X, 1), size(X, 2)] + padding([1 3]) + ...
                                           padding([2 4]), window, stride, dilation);
X = permute(cifarx.internal.pad(X, padding, 0), [1 2 4 3]);
channels = size(X, 4);
if prod(window) == 1
    P = reshape(X(rows + 1, columns + 1, :, :), [], 1, channels);
    return
end
P = zeros(numel(rows) * numel(columns) * size(X, 3), prod(window), channels, 'single');
for j = 1:window(2)
    for i = 1:window(1)
        seen = X(rows + 1 + (i - 1) * dilation(1), columns + 1 + (j - 1) * dilation(2), :, :);
        P(:, i + (j - 1) * window(1), :) = reshape(seen, [], 1, channels);
    end
end
end
