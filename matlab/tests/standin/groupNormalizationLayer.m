function layer = groupNormalizationLayer(numGroups, varargin)
%GROUPNORMALIZATIONLAYER  Stand-in for the toolbox's constructor; groups of neighbouring channels.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.groupnormalizationlayer.html
options = standInOptions(varargin, {'Epsilon', 1e-5, 'Scale', [], 'Offset', [], ...
                                    'ScaleLearnRateFactor', 1, 'OffsetLearnRateFactor', 1});
standInEpsilon(options.Epsilon);
standInNumber('NumGroups', numGroups, 1, Inf);
options.NumGroups = numGroups;
layer = standInLayer('GroupNormalizationLayer', options, ...
                     @(inputs) forward(inputs{1}, options));
end

function X = forward(X, options)
share = size(X.Data, 3) / options.NumGroups;
for n = 1:size(X.Data, 4)
    for g = 1:options.NumGroups
        channels = (g - 1) * share + 1:g * share;
        X.Data(:, :, channels, n) = standInNormalized(X.Data(:, :, channels, n), options);
    end
end
X = standInAffine(X, options);
end
