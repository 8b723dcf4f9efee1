function X = carried(X, input)
%CARRIED  Bring the array of a network's input into the layout of its layers.
%
%   X = CIFARX.INTERNAL.LAYOUT.CARRIED(X, INPUT) returns a signal, L-by-C-by-N, as maps of one row,
%   1-by-L-by-C-by-N, and images (H-by-W-by-C-by-N) and features (F-by-N) as they are. INPUT is one
%   element of net.inputs.

if strcmp(input.Format, 'SCB')
    X = reshape(X, [1, size(X, 1), size(X, 2), size(X, 3)]);
end
end
