function [Y, bound] = ofSums(layer, X)
%OFSUMS  Convolutions and fully connected layers in double precision.
%
%   [Y, BOUND] = CIFARX.INTERNAL.TRUTH.OFSUMS(LAYER, X): see CIFARX.INTERNAL.TRUTH.LOCALTRUTH. BOUND
%   is gamma * (|W| * |x| + |b|), with gamma for the number of terms of a sum, including the bias.

if strcmp(layer.Kind, 'FullyConnectedLayer')
    [Y, absolute] = product(layer.Weights, X);
    terms = size(layer.Weights, 2);
    bias = double(layer.Bias);
else
    [Y, absolute, terms] = ofMaps(layer, double(layer.Weights), X);
    bias = reshape(double(layer.Bias), 1, 1, []);
end
Y = Y + bias;
bound = cifarx.internal.truth.gammaBound(terms + 1, numel(Y)) * (absolute + abs(bias));
end

function [Y, absolute] = product(weights, X)
%PRODUCT  W * x and |W| * |x|, in parts of 32 MB of W in double precision.
[Y, absolute] = deal(zeros(size(weights, 1), size(X, 2)));
step = max(1, floor(2^22 / size(weights, 2)));
for first = 1:step:size(weights, 1)
    rows = first:min(first + step - 1, size(weights, 1));
    part = double(weights(rows, :));
    Y(rows, :) = part * X;
    absolute(rows, :) = abs(part) * abs(X);
end
end

function [Y, absolute, terms] = ofMaps(layer, weights, X)
%OFMAPS  The same for a convolution of any kind.
switch layer.Kind
    case 'TransposedConvolution2DLayer'
        % convolve X, its pixels spread Stride apart, with the kernels turned by 180 degrees
        [height, width, ~, channels] = size(weights);
        spread = zeros([([size(X, 1), size(X, 2)] - 1) .* layer.Stride + 1, channels, size(X, 4)]);
        spread(1:layer.Stride(1):end, 1:layer.Stride(2):end, :, :) = X;
        turned = permute(weights(end:-1:1, end:-1:1, :, :), [1 2 4 3]);
        around = [height, height, width, width] - 1;
        [Y, absolute] = convolution(spread, turned, [1 1], around, [1 1]);
        crop = layer.Cropping;
        kept = @(M) M(crop(1) + 1:end - crop(2), crop(3) + 1:end - crop(4), :, :);
        Y = kept(Y);
        absolute = kept(absolute);
        terms = channels * prod(ceil([height, width] ./ layer.Stride));
    otherwise
        [Y, absolute] = convolution(X, weights, layer.Stride, layer.Padding, layer.DilationFactor);
        terms = size(weights, 1) * size(weights, 2) * size(weights, 3);
end
end

function [Y, absolute] = convolution(X, weights, stride, padding, dilation)
%CONVOLUTION  Sums of W * x and of |W| * |x|, one kernel position at a time.
[height, width, channels, filters, groups] = size(weights);
[seen, places] = cifarx.internal.truth.shifted(X, [height, width], stride, padding, dilation, 0);
count = size(X, 4);
[Y, absolute] = deal(zeros(prod(places) * count, filters, groups));
for j = 1:width
    for i = 1:height
        pixels = reshape(permute(seen(i, j), [1 2 4 3]), [], channels, groups);
        kernel = reshape(weights(i, j, :, :, :), channels, filters, groups);
        if channels == 1
            Y = Y + pixels .* kernel;
            absolute = absolute + abs(pixels) .* abs(kernel);
            continue
        end
        for g = 1:groups
            Y(:, :, g) = Y(:, :, g) + pixels(:, :, g) * kernel(:, :, g);
            absolute(:, :, g) = absolute(:, :, g) + abs(pixels(:, :, g)) * abs(kernel(:, :, g));
        end
    end
end
asMaps = @(M) permute(reshape(M, places(1), places(2), count, filters * groups), [1 2 4 3]);
Y = asMaps(Y);
absolute = asMaps(absolute);
end
