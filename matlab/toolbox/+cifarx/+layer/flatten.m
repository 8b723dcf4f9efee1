function Y = flatten(X)
%FLATTEN  Maps to one column of features an image.
%
%   Y = CIFARX.LAYER.FLATTEN(X) turns the H-by-W-by-C-by-N array X into
%   HWC-by-N, in MATLAB's order: along the height first, then width, channel.
%   The exporter has put the weights of the next layer into the same order.

Y = reshape(X, [], size(X, 4));
end
