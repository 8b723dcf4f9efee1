function Y = maxPooling2d(X, poolSize, stride, padding)
%MAXPOOLING2D  Maximum of each window.
%
%   Y = CIFARX.LAYER.MAXPOOLING2D(X, POOLSIZE, STRIDE, PADDING) slides a window of POOLSIZE = [h w]
%   over the H-by-W-by-C-by-N single array X in steps of STRIDE = [vertical horizontal].
%   PADDING = [t b l r] counts as -Inf. A window with a NaN becomes NaN, as in PyTorch. Y is
%   H'-by-W'-by-C-by-N.

greatest = @(X) greatestOf(X, poolSize, stride, padding);
Y = cifarx.internal.keepNaN(greatest(X), X, greatest);
end

function Y = greatestOf(X, poolSize, stride, padding)
%GREATESTOF  Maximum of each window, ignoring NaN.
if isequal(stride, poolSize) && ~any(padding)
    [~, ~, channels, count] = size(X);
    Y = max(max(cifarx.internal.window.tiled(X, poolSize), [], 1), [], 3);
    Y = reshape(Y, size(Y, 2), size(Y, 4), channels, count);
    return
end
X = cifarx.internal.window.pad(X, padding, -Inf);
[rows, columns] = cifarx.internal.window.windowed([size(X, 1), size(X, 2)], poolSize, ...
                                                  stride, [1 1]);
Y = X(rows + 1, :, :, :);
for i = 2:poolSize(1)
    Y = max(Y, X(rows + i, :, :, :));
end
X = Y;
Y = X(:, columns + 1, :, :);
for j = 2:poolSize(2)
    Y = max(Y, X(:, columns + j, :, :));
end
end
