function Y = concatenation(inputs, dim)
%CONCATENATION  Outputs of several layers, one behind the other.
%
%   Y = CIFARX.LAYER.CONCATENATION(INPUTS, DIM) joins the single arrays in the cell
%   array INPUTS along dimension DIM: maps, H-by-W-by-C-by-N, along 1 (height), 2
%   (width) or 3 (channels), features, F-by-N, along 1. They may differ in the length of
%   that dimension alone, and Y has the sum of these lengths there.

Y = cat(dim, inputs{:});
end
