function X = normalize(images, input)
%NORMALIZE  Normalize pixels as imageInputLayer does with 'zscore'.
%
%   X = CIFARX.INTERNAL.NORMALIZE(IMAGES, INPUT) converts H-by-W-by-C-by-N uint8 pixels to
%   H-by-W-by-C-by-N single, (IMAGES - Mean) ./ StandardDeviation, with the 1-by-1-by-C single
%   arrays of the structure INPUT, one element of net.inputs. Each step is rounded to single once,
%   so that every runtime produces the same bits.

X = (single(images) - single(input.Mean)) ./ single(input.StandardDeviation);
end
