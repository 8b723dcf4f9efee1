function Y = convolve(X, weights, bias, stride, padding, dilation, numGroups)
%CONVOLVE  Convolution as a product of matrices.
%
%   Y = CIFARX.INTERNAL.CONVOLVE(X, WEIGHTS, BIAS, STRIDE, PADDING, DILATION,
%   NUMGROUPS) is CIFARX.LAYER.GROUPEDCONVOLUTION2D, and with one group
%   CIFARX.LAYER.CONVOLUTION2D. For each group the kernels, F/g-by-(C/g)hw, are multiplied
%   with what they see, (C/g)hw-by-places. An image is laid out with its channels
%   first, so that a place is seen by copying h*w runs of channels; small maps are taken
%   several images at a time, large ones in parts of 8 MB.

[rows, columns, channels, count] = size(X);
[height, width, inGroup, filters, ~] = size(weights);
kernels = reshape(permute(weights, [4 3 1 2 5]), filters, [], numGroups);
bias = reshape(bias, filters, numGroups);
[seen, size2] = cifarx.internal.places([rows, columns], [height, width], stride, padding, dilation);
places = prod(size2);
step = max(1, min(count, ceil(512 / places)));  % products of fewer columns are slow
part = max(64, floor(2^21 / (inGroup * height * width)));

Y = zeros(places, filters * numGroups, count, 'single');
for first = 1:step:count
    chosen = first:min(first + step - 1, count);
    images = numel(chosen);
    pixels = permute(reshape(X(:, :, :, chosen), rows * columns, channels, images), [2 1 3]);
    pixels = [reshape(pixels, channels, []), zeros(channels, 1, 'single')];  % the last is padding
    at = seenBy(seen, rows * columns, images);
    for g = 1:numGroups
        own = (g - 1) * inGroup + (1:inGroup);
        made = zeros(filters, places * images, 'single');
        for start = 1:part:places * images
            these = start:min(start + part - 1, places * images);
            P = reshape(pixels(own, at(:, these)), [], numel(these));
            made(:, these) = kernels(:, :, g) * P + bias(:, g);
        end
        Y(:, (g - 1) * filters + (1:filters), chosen) = ...
            permute(reshape(made, filters, places, images), [2 1 3]);
    end
end
Y = reshape(Y, size2(1), size2(2), [], count);
end

function at = seenBy(seen, pixels, images)
%SEENBY  Columns of all images' pixels that are seen, hw-by-places; padding is the last.
at = reshape(seen + pixels * reshape(0:images - 1, 1, 1, images), size(seen, 1), []);
at(isnan(at)) = pixels * images + 1;
end
