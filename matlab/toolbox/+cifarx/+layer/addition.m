function Y = addition(inputs)
%ADDITION  Sum of arrays of equal size.
%
%   Y = CIFARX.LAYER.ADDITION(INPUTS) adds the single arrays in the cell array INPUTS, maps
%   H-by-W-by-C-by-N or features F-by-N, from left to right. Y has their size.

Y = inputs{1};
for i = 2:numel(inputs)
    Y = Y + inputs{i};
end
end
