function Y = addition(inputs)
%ADDITION  Sum of two or more arrays of one size.
%
%   Y = CIFARX.LAYER.ADDITION(INPUTS) adds the single arrays in the cell array
%   INPUTS from left to right.

Y = inputs{1};
for i = 2:numel(inputs)
    Y = Y + inputs{i};
end
end
