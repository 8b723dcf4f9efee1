function Y = layerNormalization(X, scale, offset, epsilon)
%LAYERNORMALIZATION  Normalise each position over its channels.
%
%   Y = CIFARX.LAYER.LAYERNORMALIZATION(X, SCALE, OFFSET, EPSILON) computes
%
%      SCALE .* (X - mean) ./ sqrt(variance + EPSILON) + OFFSET
%
%   with the mean and the variance (divisor C) over the channels, as
%   layerNormalizationLayer does with OperationDimension 'channel-only'. X is maps,
%   H-by-W-by-C-by-N single, with 1-by-1-by-C parameters, or features, C-by-N
%   single, with C-by-1 parameters. Sums are taken in double precision.

dim = 3;  % also right for one channel or one feature
if size(scale, 1) > 1
    dim = 1;
end
channels = numel(scale);
X = X - single(sum(X, dim, 'double') / channels);
variance = sum(X.^2, dim, 'double') / channels;
Y = X .* single(1 ./ sqrt(variance + epsilon)) .* scale + offset;
end
