function Y = groupNormalization(X, scale, offset, epsilon, numGroups)
%GROUPNORMALIZATION  Normalize each group of channels of each image.
%
%   Y = CIFARX.LAYER.GROUPNORMALIZATION(X, SCALE, OFFSET, EPSILON, NUMGROUPS) divides the
%   H-by-W-by-C-by-N single array X into NUMGROUPS groups of adjacent channels and computes
%
%      SCALE .* (X - mean) ./ sqrt(variance + EPSILON) + OFFSET
%
%   with the mean and the variance (divided by the number of elements) over the channels and pixels
%   of the group, for each image. SCALE and OFFSET are 1-by-1-by-C single. Sums are accumulated in
%   double precision.

[height, width, channels, count] = size(X);
X = reshape(X, [], numGroups, count);
elements = size(X, 1);
X = X - single(sum(X, 1, 'double') / elements);
variance = sum(X.^2, 1, 'double') / elements;
X = X .* single(1 ./ sqrt(variance + epsilon));
Y = reshape(X, height, width, channels, count) .* scale + offset;
end
