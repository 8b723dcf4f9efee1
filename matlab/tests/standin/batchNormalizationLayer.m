function layer = batchNormalizationLayer(varargin)
%BATCHNORMALIZATIONLAYER  Stand-in for the toolbox's constructor; one number per channel.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.batchnormalizationlayer.html
options = standInOptions(varargin, {'TrainedMean', [], 'TrainedVariance', [], ...
                                    'Epsilon', 1e-5, 'Scale', [], 'Offset', [], ...
                                    'ScaleLearnRateFactor', 1, 'OffsetLearnRateFactor', 1, ...
                                    'MeanDecay', 0.1, 'VarianceDecay', 0.1});
standInEpsilon(options.Epsilon);
layer = standInLayer('BatchNormalizationLayer', options, ...
                     @(inputs) forward(inputs{1}, options));
end

function X = forward(X, options)
standInSize('TrainedMean', options.TrainedMean, size(options.Scale));
standInSize('TrainedVariance', options.TrainedVariance, size(options.Scale));
deviation = sqrt(double(options.TrainedVariance) + double(options.Epsilon));
X.Data = (X.Data - double(options.TrainedMean)) ./ deviation;
X = standInAffine(X, options);
end
