function X = chosen(X, input, positions)
%CHOSEN  Some observations of the array of a network's input or output.
%
%   X = CIFARX.INTERNAL.LAYOUT.CHOSEN(X, INPUT, POSITIONS) returns the observations POSITIONS of X,
%   an array of INPUT.Size by N, for INPUT, one element of net.inputs or net.outputs.

index = [repmat({':'}, 1, max(numel(input.Size), 1)), {positions}];
X = X(index{:});
end
