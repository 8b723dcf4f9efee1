function Y = depthConcatenation(inputs)
%DEPTHCONCATENATION  Concatenate maps along the channels.
%
%   Y = CIFARX.LAYER.DEPTHCONCATENATION(INPUTS) joins the H-by-W-by-C-by-N single arrays in the cell
%   array INPUTS, which may differ in C.

Y = cat(3, inputs{:});
end
