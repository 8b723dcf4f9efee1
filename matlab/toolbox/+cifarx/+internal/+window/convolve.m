function Y = convolve(X, weights, bias, stride, padding, dilation, numGroups)
%CONVOLVE  Convolution as a matrix product.
%
%   Y = CIFARX.INTERNAL.WINDOW.CONVOLVE(X, WEIGHTS, BIAS, STRIDE, PADDING, DILATION, NUMGROUPS)
%   computes CIFARX.LAYER.GROUPEDCONVOLUTION2D, and with one group CIFARX.LAYER.CONVOLUTION2D. The
%   pixels seen from each place, places-by-hw(C/g), are multiplied by the kernels,
%   hw(C/g)-by-F/g. Both keep the layout of X, WEIGHTS and Y, so nothing is transposed. Small maps
%   are taken several images at a time. CIFARX.LAYER.GROUPEDCONVOLUTION2D computes groups of one
%   channel itself, because their products would have too few columns to be fast.

[rows, columns, channels, count] = size(X);
[height, width, inGroup, filters, ~] = size(weights);
kernels = reshape(weights, height * width * inGroup, filters, numGroups);
bias = reshape(bias, 1, filters, numGroups);
[seen, size2] = cifarx.internal.window.places([rows, columns], [height, width], ...
                                              stride, padding, dilation);
places = prod(size2);
step = max(1, min(count, ceil(256 / places)));  % products with fewer rows are slow

Y = zeros(places, filters * numGroups, count, 'single');
for first = 1:step:count
    chosen = first:min(first + step - 1, count);
    images = numel(chosen);
    maps = reshape(X(:, :, :, chosen), rows * columns, channels, images);
    if images > 1
        maps = reshape(permute(maps, [1 3 2]), [], channels);
    end
    maps = [maps; zeros(1, channels, 'single')];  %#ok<AGROW> the last row is the padding
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
%SEENBY  Row numbers of the pixels seen, places-by-hw; padding is the last row.
at = seen + pixels * reshape(0:images - 1, 1, 1, images);
at = reshape(permute(at, [2 3 1]), [], size(seen, 1));
at(isnan(at)) = pixels * images + 1;
end

function Y = product(maps, at, kernels, bias)
%PRODUCT  Products in parts of 8 MB, to bound memory and fit the cache.
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
