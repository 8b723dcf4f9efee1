function Y = multiplication(inputs)
%MULTIPLICATION  Elementwise product of arrays.
%
%   Y = CIFARX.LAYER.MULTIPLICATION(INPUTS) multiplies the single arrays in the cell array INPUTS
%   from left to right. Dimensions of length 1 are expanded: a 1-by-1-by-1-by-N array scales the
%   maps of each image by its own number.

Y = inputs{1};
for i = 2:numel(inputs)
    Y = Y .* inputs{i};
end
end
