function Y = transposedConvolution2d(X, weights, bias, stride, cropping)
%TRANSPOSEDCONVOLUTION2D  Transposed convolution, which enlarges maps.
%
%   Y = CIFARX.LAYER.TRANSPOSEDCONVOLUTION2D(X, WEIGHTS, BIAS, STRIDE, CROPPING) adds, for each
%   pixel of the H-by-W-by-C-by-N single array X, an h-by-w kernel scaled by that pixel, at places
%   STRIDE = [vertical horizontal] apart. WEIGHTS is h-by-w-by-F-by-C, BIAS 1-by-1-by-F. CROPPING =
%   [t b l r] rows and columns are removed from the result. Y is H'-by-W'-by-F-by-N with H' = (H -
%   1) * STRIDE(1) + h - t - b and W' = (W - 1) * STRIDE(2) + w - l - r.

[height, width, filters, channels] = size(weights);
[rows, columns, ~, count] = size(X);
whole = ([rows, columns] - 1) .* stride + [height, width];
Y = zeros(whole(1), whole(2), filters, count, 'single');
down = (0:rows - 1) * stride(1);
right = (0:columns - 1) * stride(2);
for n = 1:count
    laid = reshape(X(:, :, :, n), [], channels) * reshape(weights, [], channels).';
    laid = reshape(laid, rows, columns, height, width, filters);
    for j = 1:width
        for i = 1:height
            part = reshape(laid(:, :, i, j, :), rows, columns, filters);
            Y(down + i, right + j, :, n) = Y(down + i, right + j, :, n) + part;
        end
    end
end
Y = Y(cropping(1) + 1:end - cropping(2), cropping(3) + 1:end - cropping(4), :, :);
Y = Y + reshape(bias, 1, 1, []);
end
