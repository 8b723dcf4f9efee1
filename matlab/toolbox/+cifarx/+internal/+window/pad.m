function X = pad(X, padding, value)
%PAD  Pad maps with a constant.
%
%   X = CIFARX.INTERNAL.WINDOW.PAD(X, PADDING, VALUE) adds PADDING = [t b l r] rows and columns of
%   VALUE to the H-by-W-by-C-by-N array X.

if any(padding)
    [height, width, channels, count] = size(X);
    padded = repmat(single(value), [height + padding(1) + padding(2), ...
                                    width + padding(3) + padding(4), channels, count]);
    padded(padding(1) + (1:height), padding(3) + (1:width), :, :) = X;
    X = padded;
end
end
