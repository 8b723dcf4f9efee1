function count = countOf(X, input)
%COUNTOF  Number of observations in the array of a network's input or output.
%
%   COUNT = CIFARX.INTERNAL.LAYOUT.COUNTOF(X, INPUT) is the length of the dimension of X behind
%   INPUT.Size, for INPUT, one element of net.inputs or net.outputs.

count = size(X, max(numel(input.Size), 1) + 1);
end
