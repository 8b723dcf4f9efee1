function [seen, left] = places(maps, window, stride, padding, dilation)
%PLACES  Numbers of the pixels that a sliding window sees at each place.
%
%   [SEEN, LEFT] = CIFARX.INTERNAL.WINDOW.PLACES(MAPS, WINDOW, STRIDE, PADDING, DILATION) returns,
%   for maps of size MAPS = [H W] and windows of WINDOW = [h w] pixels, the hw-by-H'W' pixel
%   numbers, from 1 along the columns and NaN in the padding PADDING = [t b l r], and the size of
%   the output LEFT = [H' W'].

[rows, columns] = cifarx.internal.window.windowed(maps + padding([1 3]) + padding([2 4]), ...
                                                  window, stride, dilation);
left = [numel(rows), numel(columns)];
down = rows - padding(1) + dilation(1) * (0:window(1) - 1).';
right = columns - padding(3) + dilation(2) * (0:window(2) - 1).';
down(down < 0 | down >= maps(1)) = NaN;
right(right < 0 | right >= maps(2)) = NaN;
seen = 1 + reshape(down, window(1), 1, left(1)) + ...
       maps(1) * reshape(right, 1, window(2), 1, left(2));
seen = reshape(seen, prod(window), prod(left));
end
