function Y = groupedConvolution2d(X, weights, bias, stride, padding, dilation, numGroups)
%GROUPEDCONVOLUTION2D  Convolution in separate groups of channels.
%
%   Y = CIFARX.LAYER.GROUPEDCONVOLUTION2D(X, WEIGHTS, BIAS, STRIDE, PADDING, DILATION, NUMGROUPS)
%   divides the H-by-W-by-C-by-N single array X into g = NUMGROUPS groups of C/g adjacent channels
%   and convolves each with its own F/g kernels. WEIGHTS is h-by-w-by-(C/g)-by-(F/g)-by-g, BIAS
%   1-by-1-by-(F/g)-by-g. STRIDE and DILATION are [vertical horizontal], PADDING is [top bottom left
%   right] zeros. Y is H'-by-W'-by-F-by-N, with the channels in the order of the groups.

if numGroups == size(X, 3)
    Y = channelWise(X, weights, bias, stride, padding, dilation);
else
    Y = cifarx.internal.window.convolve(X, weights, bias, stride, padding, dilation, numGroups);
end
end

function Y = channelWise(X, weights, bias, stride, padding, dilation)
%CHANNELWISE  One channel per group: all channels at once, one kernel position at a time.
[height, width, ~, filters, channels] = size(weights);
X = cifarx.internal.window.pad(X, padding, 0);
count = size(X, 4);
[rows, columns] = cifarx.internal.window.windowed([size(X, 1), size(X, 2)], [height, width], ...
                                                  stride, dilation);
Y = reshape(bias, 1, filters, channels);
for j = 1:width
    for i = 1:height
        shifted = X(rows + 1 + (i - 1) * dilation(1), columns + 1 + (j - 1) * dilation(2), :, :);
        shifted = reshape(shifted, [], 1, channels, count);
        Y = Y + shifted .* reshape(weights(i, j, :, :, :), 1, filters, channels);
    end
end
Y = reshape(Y, numel(rows), numel(columns), filters * channels, count);
end
