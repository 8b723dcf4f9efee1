function layer = fullyConnectedLayer(outputSize, varargin)
%FULLYCONNECTEDLAYER  Stand-in for the toolbox's constructor; Weights are out-by-in.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.fullyconnectedlayer.html
options = standInOptions(varargin, {'Weights', [], 'Bias', [], ...
                                    'WeightLearnRateFactor', 1, 'BiasLearnRateFactor', 1});
options.OutputSize = outputSize;
standInSize('Weights', options.Weights, [outputSize, NaN]);
standInSize('Bias', options.Bias, [outputSize, 1]);
layer = standInLayer('FullyConnectedLayer', options, @(inputs) forward(inputs{1}, options));
end

function X = forward(X, options)
X = standInFlattened(X);
standInSize('Weights', options.Weights, [NaN, size(X.Data, 1)]);
X.Data = double(options.Weights) * X.Data + double(options.Bias);
X = standInFeatures(X);
end
