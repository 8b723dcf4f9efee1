function layer = instanceNormalizationLayer(varargin)
%INSTANCENORMALIZATIONLAYER  Stand-in for the toolbox's constructor; each map by itself.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.instancenormalizationlayer.html
options = standInOptions(varargin, {'Epsilon', 1e-5, 'Scale', [], 'Offset', [], ...
                                    'ScaleLearnRateFactor', 1, 'OffsetLearnRateFactor', 1});
standInEpsilon(options.Epsilon);
layer = standInLayer('InstanceNormalizationLayer', options, ...
                     @(inputs) forward(inputs{1}, options));
end

function X = forward(X, options)
for n = 1:size(X.Data, 4)
    for c = 1:size(X.Data, 3)
        X.Data(:, :, c, n) = standInNormalized(X.Data(:, :, c, n), options);
    end
end
X = standInAffine(X, options);
end
