function position = ofPixels(net)
%OFPIXELS  Position of the input that takes pixels.
%
%   POSITION = CIFARX.INTERNAL.INTERFACE.OFPIXELS(NET) is the index in net.inputs of the input whose
%   Normalization is 'zscore', or [] if there is none.

position = find(strcmp({net.inputs.Normalization}, 'zscore'), 1);
end
