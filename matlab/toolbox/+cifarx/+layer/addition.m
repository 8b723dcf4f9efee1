function Y = addition(inputs)
%ADDITION  Sum of two or more arrays of one size.
%
%   Y = CIFARX.LAYER.ADDITION(INPUTS) adds the single arrays in the cell array INPUTS,
%   maps H-by-W-by-C-by-N or features F-by-N, from left to right. Y is of their size.

Y = inputs{1};
for i = 2:numel(inputs)
    Y = Y + inputs{i};
end
end
