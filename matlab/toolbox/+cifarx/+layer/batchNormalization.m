function Y = batchNormalization(X, scale, offset, trainedMean, trainedVariance, epsilon)
%BATCHNORMALIZATION  Normalise each channel with its trained statistics.
%
%   Y = CIFARX.LAYER.BATCHNORMALIZATION(X, SCALE, OFFSET, TRAINEDMEAN,
%   TRAINEDVARIANCE, EPSILON) computes
%
%      SCALE .* (X - TRAINEDMEAN) ./ sqrt(TRAINEDVARIANCE + EPSILON) + OFFSET
%
%   for maps X, H-by-W-by-C-by-N single, with 1-by-1-by-C parameters, or for
%   features X, C-by-N single, with C-by-1 parameters. EPSILON is a double.

factor = scale ./ sqrt(trainedVariance + single(epsilon));
Y = X .* factor + (offset - trainedMean .* factor);
end
