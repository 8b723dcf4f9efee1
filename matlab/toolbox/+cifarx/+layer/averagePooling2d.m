function Y = averagePooling2d(X, poolSize, stride, padding, paddingValue)
%AVERAGEPOOLING2D  Mean of each window.
%
%   Y = CIFARX.LAYER.AVERAGEPOOLING2D(X, POOLSIZE, STRIDE, PADDING, PADDINGVALUE) slides a window of
%   POOLSIZE = [h w] over the H-by-W-by-C-by-N single array X in steps of STRIDE = [vertical
%   horizontal]. PADDING = [t b l r] counts as zeros if PADDINGVALUE is 0, and is left out of the
%   mean if PADDINGVALUE is 'mean', as in averagePooling2dLayer. Y is H'-by-W'-by-C-by-N.

Y = summed(X, poolSize, stride, padding);
if strcmp(paddingValue, 'mean')
    Y = Y ./ summed(ones(size(X, 1), size(X, 2), 'single'), poolSize, stride, padding);
else
    Y = Y / prod(poolSize);
end
end

function Y = summed(X, poolSize, stride, padding)
%SUMMED  Sum of each window.
if isequal(stride, poolSize) && ~any(padding)
    [~, ~, channels, count] = size(X);
    Y = sum(sum(cifarx.internal.window.tiled(X, poolSize), 1), 3);
    Y = reshape(Y, size(Y, 2), size(Y, 4), channels, count);
    return
end
X = cifarx.internal.window.pad(X, padding, 0);
[rows, columns] = cifarx.internal.window.windowed([size(X, 1), size(X, 2)], poolSize, ...
                                                  stride, [1 1]);
Y = X(rows + 1, :, :, :);
for i = 2:poolSize(1)
    Y = Y + X(rows + i, :, :, :);
end
X = Y;
Y = X(:, columns + 1, :, :);
for j = 2:poolSize(2)
    Y = Y + X(:, columns + j, :, :);
end
end
