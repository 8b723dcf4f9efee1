function Y = concatenation(inputs, dim)
%CONCATENATION  Concatenate arrays along a dimension.
%
%   Y = CIFARX.LAYER.CONCATENATION(INPUTS, DIM) joins the single arrays in the cell array INPUTS
%   along dimension DIM: maps, H-by-W-by-C-by-N, along 1 (height), 2 (width) or 3 (channels),
%   features, F-by-N, along 1. The arrays may differ in size along DIM only.

Y = cat(dim, inputs{:});
end
