function [seen, places] = shifted(X, window, stride, padding, dilation, value)
%SHIFTED  What each position of a sliding window sees.
%
%   [SEEN, PLACES] = CIFARX.INTERNAL.TRUTH.SHIFTED(X, WINDOW, STRIDE, PADDING, DILATION, VALUE) pads
%   the H-by-W-by-C-by-N double array X with PADDING = [t b l r] rows and columns of VALUE.
%   SEEN(i, j) is the H'-by-W'-by-C-by-N array of the values that row i and column j of the window
%   of WINDOW = [h w] sees at its PLACES = [H' W'] positions.

[height, width, channels, count] = size(X);
padded = repmat(value, [height + sum(padding(1:2)), width + sum(padding(3:4)), channels, count]);
padded(padding(1) + (1:height), padding(3) + (1:width), :, :) = X;
reach = dilation .* (window - 1);
places = floor(([size(padded, 1), size(padded, 2)] - reach - 1) ./ stride) + 1;
rows = 1 + stride(1) * (0:places(1) - 1);
columns = 1 + stride(2) * (0:places(2) - 1);
seen = @(i, j) padded(rows + (i - 1) * dilation(1), columns + (j - 1) * dilation(2), :, :);
end
