function Y = resize2d(X, outputSize, scale, method, transformMode, roundingMode)
%RESIZE2D  Resize maps to nearest pixels or bilinearly.
%
%   Y = CIFARX.LAYER.RESIZE2D(X, OUTPUTSIZE, SCALE, METHOD, TRANSFORMMODE, ROUNDINGMODE) resizes the
%   H-by-W-by-C-by-N single array X to OUTPUTSIZE = [H' W'] pixels. METHOD is 'nearest' or
%   'bilinear'. Pixel i = 0 .. H' - 1 of the output lies in the input at
%
%      (i + 0.5) / SCALE - 0.5        if TRANSFORMMODE is 'half-pixel'
%      i / SCALE                      if it is 'asymmetric'
%      i * (H - 1) / (H' - 1)         if it is 'align-corners'
%
%   and likewise along the width; SCALE is [vertical horizontal], usually OUTPUTSIZE ./ [H W]. For
%   'nearest', ROUNDINGMODE is 'round', 'floor', 'ceil' or 'round-half-down'. Places outside the
%   input are moved to its edge.

rows = placesOf(size(X, 1), outputSize(1), scale(1), transformMode);
columns = placesOf(size(X, 2), outputSize(2), scale(2), transformMode);
if strcmp(method, 'nearest')
    Y = X(nearest(rows, roundingMode, size(X, 1)), :, :, :);
    Y = Y(:, nearest(columns, roundingMode, size(X, 2)), :, :);
    return
end
[low, high, weight] = between(rows, size(X, 1));
Y = X(low, :, :, :) .* (1 - weight) + X(high, :, :, :) .* weight;
[low, high, weight] = between(columns, size(X, 2));
weight = repmat(reshape(weight, 1, []), size(Y, 1), 1);  % faster than a row
Y = Y(:, low, :, :) .* (1 - weight) + Y(:, high, :, :) .* weight;
end

function places = placesOf(extent, count, scale, mode)
%PLACESOF  Exact positions in the input, from 0, as a column.
i = (0:count - 1).';
shift = 0.5 * strcmp(mode, 'half-pixel');
if strcmp(mode, 'align-corners')
    places = i * (extent - 1) / max(1, count - 1);
elseif scale == count / extent
    places = (i + shift) * extent / count - shift;  % the quotient of whole numbers
else
    places = (i + shift) / scale - shift;
end
end

function positions = nearest(places, mode, extent)
%NEAREST  The input pixel of each output pixel, from 1.
switch mode
    case 'round'
        positions = floor(places + 0.5);
    case 'round-half-down'
        positions = ceil(places - 0.5);
    case 'ceil'
        positions = ceil(places);
    otherwise
        positions = floor(places);
end
positions = min(max(positions, 0), extent - 1) + 1;
end

function [low, high, weight] = between(places, extent)
%BETWEEN  The two input pixels around each place, from 1, and the weight of the second.
places = min(max(places, 0), extent - 1);
low = floor(places);
weight = single(places - low);
low = low + 1;
high = min(low + 1, extent);
end
