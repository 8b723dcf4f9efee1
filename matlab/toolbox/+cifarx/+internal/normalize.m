function X = normalize(images, input)
%NORMALIZE  Pixels to network input, as imageInputLayer's 'zscore' does it.
%
%   X = CIFARX.INTERNAL.NORMALIZE(IMAGES, INPUT) turns H-by-W-by-C-by-N uint8
%   pixels into H-by-W-by-C-by-N single, (IMAGES - Mean) ./ StandardDeviation
%   with the 1-by-1-by-C single arrays of the structure INPUT. Both steps are
%   rounded to single once, so that every runtime gives the same bits.

X = (single(images) - single(input.Mean)) ./ single(input.StandardDeviation);
end
