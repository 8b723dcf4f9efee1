function Y = flatten(X)
%FLATTEN  Convert maps to features.
%
%   Y = CIFARX.LAYER.FLATTEN(X) converts the H-by-W-by-C-by-N array X to HWC-by-N in the order of
%   MATLAB: along the height first, then the width, then the channels. The exporter has permuted the
%   weights of the next layer to this order.

Y = reshape(X, [], size(X, 4));
end
