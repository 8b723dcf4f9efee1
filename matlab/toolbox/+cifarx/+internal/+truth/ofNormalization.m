function [Y, bound] = ofNormalization(layer, X)
%OFNORMALIZATION  Normalization layers in double precision.
%
%   [Y, BOUND] = CIFARX.INTERNAL.TRUTH.OFNORMALIZATION(LAYER, X): see
%   CIFARX.INTERNAL.TRUTH.LOCALTRUTH. Errors are counted operation by operation, and those of sums
%   over n elements with CIFARX.INTERNAL.TRUTH.GAMMABOUND.

u = 2^-24;
if strcmp(layer.Kind, 'CrossChannelNormalizationLayer')
    [Y, bound] = crossChannel(X, layer.WindowChannelSize, layer.Alpha, layer.Beta, layer.K);
    return
end
scale = double(layer.Scale);
offset = double(layer.Offset);
switch layer.Kind
    case 'BatchNormalizationLayer'
        % holds for the folded form, too: X * factor + (Offset - TrainedMean * factor)
        center = double(layer.TrainedMean);
        factor = scale ./ sqrt(double(layer.TrainedVariance) + layer.Epsilon);
        Y = factor .* (X - center) + offset;
        sizes = abs(factor) .* (abs(X) + abs(center)) + abs(offset);
        bound = cifarx.internal.truth.gammaBound(7) * sizes;
        return
    case 'LayerNormalizationLayer'
        dim = 3 - 2 * (size(scale, 1) > 1);  % channel dimension: rows of features, third of maps
        [Z, offBy] = standardized(X, dim, layer.Epsilon);
    otherwise
        groups = size(X, 3);
        if strcmp(layer.Kind, 'GroupNormalizationLayer')
            groups = layer.NumGroups;
        end
        sets = reshape(X, [], groups, size(X, 4));
        [Z, offBy] = standardized(sets, 1, layer.Epsilon);
        Z = reshape(Z, size(X));
        offBy = reshape(offBy, size(X));
end
Y = scale .* Z + offset;
bound = abs(scale) .* offBy + 2 * u * (abs(scale .* Z) + abs(offset));
end

function [Z, offBy] = standardized(X, dim, epsilon)
%STANDARDIZED  Sets of values along DIM, normalized to mean 0 and variance 1.
u = 2^-24;
n = size(X, dim);
g = cifarx.internal.truth.gammaBound(n + 1, 2 * numel(X) / n);
deviation = X - sum(X, dim) / n;
variance = sum(deviation.^2, dim) / n + epsilon;
Z = deviation ./ sqrt(variance);
ofMean = g * sum(abs(X), dim) / n;
ofVariance = g + 4 * u + ofMean.^2 ./ variance;  % relative
offBy = (ofMean + u * abs(deviation)) ./ sqrt(variance) + abs(Z) .* (ofVariance / 2 + 4 * u);
end

function [Y, bound] = crossChannel(X, window, alpha, beta, k)
%CROSSCHANNEL  Each pixel divided by a power of the squares in neighboring channels.
u = 2^-24;
around = (window - 1) / 2;
channels = size(X, 3);
squares = zeros(size(X));
for c = 1:channels
    near = max(1, c - around):min(channels, c + around);
    squares(:, :, c, :) = sum(X(:, :, near, :).^2, 3);
end
base = k + alpha / window * squares;
Y = X ./ base.^beta;
ofBase = cifarx.internal.truth.gammaBound(window + 4, numel(X)) * ...
         (abs(k) + abs(alpha) / window * squares) ./ abs(base);
% the error of the power, of beta rounded to single, and of the division
bound = abs(Y) .* (abs(beta) * ofBase + u * abs(beta * log(abs(base))) + 10 * u);
end
