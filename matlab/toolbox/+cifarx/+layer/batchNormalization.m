function Y = batchNormalization(X, scale, offset, trainedMean, trainedVariance, epsilon)
%BATCHNORMALIZATION  Normalize each channel with its trained statistics.
%
%   Y = CIFARX.LAYER.BATCHNORMALIZATION(X, SCALE, OFFSET, TRAINEDMEAN, TRAINEDVARIANCE, EPSILON)
%   computes
%
%      SCALE .* (X - TRAINEDMEAN) ./ sqrt(TRAINEDVARIANCE + EPSILON) + OFFSET
%
%   for maps X, H-by-W-by-C-by-N single, with 1-by-1-by-C parameters, or for features X, C-by-N
%   single, with C-by-1 parameters. EPSILON is a double.

factor = scale ./ sqrt(trainedVariance + single(epsilon));
shift = offset - trainedMean .* factor;
if size(X, 3) == numel(factor) && ndims(X) > 2
    % Octave is twice as fast when a row is expanded over a matrix
    count = size(X, 4);
    Y = reshape(X, [], numel(factor) * count);
    Y = Y .* repmat(factor(:).', 1, count) + repmat(shift(:).', 1, count);
    Y = reshape(Y, size(X));
else
    Y = X .* factor + shift;
end
end
