function Y = convolve(X, weights, bias, stride, padding, dilation, numGroups)
%CONVOLVE  Convolution as a product of matrices.
%
%   Y = CIFARX.INTERNAL.WINDOW.CONVOLVE(X, WEIGHTS, BIAS, STRIDE, PADDING, DILATION,
%   NUMGROUPS) is CIFARX.LAYER.GROUPEDCONVOLUTION2D, and with one group
%   CIFARX.LAYER.CONVOLUTION2D. What is seen from each place, places-by-hw(C/g), is
%   multiplied with the kernels, hw(C/g)-by-F/g. Both are laid out as X, WEIGHTS and Y
%   are, so that nothing is transposed. Small maps are taken several images at a time.
%   CIFARX.LAYER.GROUPEDCONVOLUTION2D computes groups of one channel itself: products for
%   them would have hardly a column.

[rows, columns, channels, count] = size(X);
[height, width, inGroup, filters, ~] = size(weights);
kernels = reshape(weights, height * width * inGroup, filters, numGroups);
bias = reshape(bias, 1, filters, numGroups);
[seen, size2] = cifarx.internal.window.places([rows, columns], [height, width], ...
                                              stride, padding, dilation);
places = prod(size2);
step = max(1, min(count, ceil(256 / places)));  % products of fewer rows are slow

Y = zeros(places, filters * numGroups, count, 'single');
for first = 1:step:count
    chosen = first:min(first + step - 1, count);
    images = numel(chosen);
    maps = reshape(X(:, :, :, chosen), rows * columns, channels, images);
    if images > 1
        maps = reshape(permute(maps, [1 3 2]), [], channels);
    end
    maps = [maps; zeros(1, channels, 'single')];  %#ok<AGROW> the last pixel is the padding
    at = seenBy(seen, rows * columns, images);
    if numGroups == 1
        made = product(maps, at, kernels, bias);
    else
        made = zeros(places * images, filters * numGroups, 'single');
        for g = 1:numGroups
            own = maps(:, (g - 1) * inGroup + (1:inGroup));
            made(:, (g - 1) * filters + (1:filters)) = ...
                product(own, at, kernels(:, :, g), bias(:, :, g));
        end
    end
    if images > 1
        made = permute(reshape(made, places, images, []), [1 3 2]);
    end
    Y(:, :, chosen) = made;
end
Y = reshape(Y, size2(1), size2(2), [], count);
end

function at = seenBy(seen, pixels, images)
%SEENBY  Rows of all images' pixels that are seen, places-by-hw; padding is the last.
at = seen + pixels * reshape(0:images - 1, 1, 1, images);
at = reshape(permute(at, [2 3 1]), [], size(seen, 1));
at(isnan(at)) = pixels * images + 1;
end

function Y = product(maps, at, kernels, bias)
%PRODUCT  Products in parts of 8 MB, for memory and for the processor's cache.
count = size(at, 1);
part = max(64, floor(2^21 / size(kernels, 1)));
if count <= part
    Y = reshape(maps(at, :), count, []) * kernels + bias;
    return
end
Y = zeros(count, size(kernels, 2), 'single');
for start = 1:part:count
    these = start:min(start + part - 1, count);
    Y(these, :) = reshape(maps(at(these, :), :), numel(these), []) * kernels + bias;
end
end
