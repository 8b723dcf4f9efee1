function Y = instanceNormalization(X, scale, offset, epsilon)
%INSTANCENORMALIZATION  Normalize each channel of each image.
%
%   Y = CIFARX.LAYER.INSTANCENORMALIZATION(X, SCALE, OFFSET, EPSILON) is group normalization with
%   one group per channel, for H-by-W-by-C-by-N single X and 1-by-1-by-C single SCALE and OFFSET.

Y = cifarx.layer.groupNormalization(X, scale, offset, epsilon, size(X, 3));
end
