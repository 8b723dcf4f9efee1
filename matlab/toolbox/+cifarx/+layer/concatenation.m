function Y = concatenation(inputs, dim)
%CONCATENATION  Outputs of several layers, one behind the other.
%
%   Y = CIFARX.LAYER.CONCATENATION(INPUTS, DIM) joins the single arrays in the cell
%   array INPUTS along dimension DIM: 1 height, 2 width, 3 channels of maps; 1 for
%   features.

Y = cat(dim, inputs{:});
end
