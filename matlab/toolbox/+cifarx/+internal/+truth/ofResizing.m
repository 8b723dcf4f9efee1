function [Y, bound] = ofResizing(layer, X)
%OFRESIZING  Resized maps in double precision.
%
%   [Y, BOUND] = CIFARX.INTERNAL.TRUTH.OFRESIZING(LAYER, X): see CIFARX.INTERNAL.TRUTH.LOCALTRUTH.
%   Nearest pixels are exact. A bilinear value is a product of two matrices, one per axis, whose
%   rows hold the weights. Rounding in single precision moves the place of a pixel by at most 6
%   roundings of it, which changes the value by at most that times the steepest slope between two
%   pixels there; places that are multiples of a power of two are exact.

[height, width, channels, count] = size(X);
vertical = places(layer, 1, height);
horizontal = places(layer, 2, width);
if strcmp(layer.Method, 'nearest')
    Y = X(chosen(vertical, layer, height), chosen(horizontal, layer, width), :, :);
    bound = 0;
    return
end
down = @(W, M) reshape(W * reshape(M, height, []), size(W, 1), width, channels, count);
along = @(M, W) permute(reshape(W * reshape(permute(M, [2 1 3 4]), width, []), size(W, 1), ...
                                size(M, 1), channels, count), [2 1 3 4]);
[rows, reachDown] = weights(vertical, height);
[columns, reachAlong] = weights(horizontal, width);
between = down(rows, X);
Y = along(between, columns);
moved = down(reachDown, abs([diff(X, 1, 1); zeros(1, width, channels, count)]));
slopes = @(M) cat(2, M, zeros(size(M, 1), 1, channels, count));
steep = slopes(abs(diff(between, 1, 2)) + moved(:, 1:end - 1, :, :) + moved(:, 2:end, :, :));
bound = along(moved, columns) + along(steep, reachAlong) + ...
        cifarx.internal.truth.gammaBound(8, numel(Y)) * along(down(rows, abs(X)), columns);
end

function s = places(layer, axis, extent)
%PLACES  Where each output pixel lies in the input, from 0, and whether single rounds that.
n = layer.OutputSize(axis);
centers = (1:n).' - 0.5;
s.rounded = log2(layer.Scale(axis)) ~= fix(log2(layer.Scale(axis)));
whole = layer.Scale(axis) == n / extent;
switch layer.GeometricTransformMode
    case 'align-corners'
        s.at = (centers - 0.5) * (extent - 1) / max(1, n - 1);
        step = log2(max(1, extent - 1) / max(1, n - 1));
        s.rounded = step ~= fix(step);
    case 'asymmetric'
        s.at = (centers - 0.5) / layer.Scale(axis);
        if whole
            s.at = (centers - 0.5) * extent / n;
        end
    otherwise
        s.at = centers / layer.Scale(axis) - 0.5;
        if whole
            s.at = centers * extent / n - 0.5;
        end
end
end

function positions = chosen(s, layer, extent)
%CHOSEN  The nearest of the pixels, from 1.
pixels = 0:extent - 1;
switch layer.NearestRoundingMode
    case 'floor'
        positions = sum(pixels <= s.at, 2);
    case 'ceil'
        positions = sum(pixels < s.at, 2) + 1;
    case 'round'
        positions = sum(pixels <= s.at + 0.5, 2);
    otherwise
        positions = sum(pixels < s.at - 0.5, 2) + 1;
end
positions = min(max(positions, 1), extent);
end

function [W, reach] = weights(s, extent)
%WEIGHTS  One row per place: of the pixels, and of the slopes behind them if the place is moved.
at = min(max(s.at, 0), extent - 1);
W = max(0, 1 - abs(at - (0:extent - 1)));
shift = s.rounded * 6 * 2^-24 * (abs(s.at) + 1);
first = 0:extent - 1;
touched = first <= at + shift & first + 1 >= at - shift;
reach = shift .* touched;
end
