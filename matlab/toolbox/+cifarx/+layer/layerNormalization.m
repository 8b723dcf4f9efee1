function Y = layerNormalization(X, scale, offset, epsilon)
%LAYERNORMALIZATION  Normalize each pixel over its channels.
%
%   Y = CIFARX.LAYER.LAYERNORMALIZATION(X, SCALE, OFFSET, EPSILON) computes
%
%      SCALE .* (X - mean) ./ sqrt(variance + EPSILON) + OFFSET
%
%   with the mean and the variance (divided by C) over the channels, as layerNormalizationLayer does
%   with OperationDimension 'channel-only'. X is maps, H-by-W-by-C-by-N single, with 1-by-1-by-C
%   parameters, or features, C-by-N single, with C-by-1 parameters. Sums are accumulated in double
%   precision.

dim = 3;  % also correct for one channel or one feature
if size(scale, 1) > 1
    dim = 1;
end
channels = numel(scale);
X = X - single(sum(X, dim, 'double') / channels);
variance = sum(X.^2, dim, 'double') / channels;
Y = X .* single(1 ./ sqrt(variance + epsilon)) .* scale + offset;
end
