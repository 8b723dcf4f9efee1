function layer = convolution2dLayer(filterSize, numFilters, varargin)
%CONVOLUTION2DLAYER  Stand-in for the toolbox's constructor; kernels and [t b l r].
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.convolution2dlayer.html
options = standInOptions(varargin, {'Stride', 1, 'Padding', 0, 'DilationFactor', 1, ...
                                    'PaddingValue', 0, 'NumChannels', 'auto', ...
                                    'Weights', [], 'Bias', [], ...
                                    'WeightLearnRateFactor', 1, 'BiasLearnRateFactor', 1});
options.FilterSize = standInSteps('FilterSize', filterSize, 1);
options.NumFilters = numFilters;
options.Stride = standInSteps('Stride', options.Stride, 1);
options.PaddingSize = standInEdges('Padding', options.Padding);
options.DilationFactor = standInSteps('DilationFactor', options.DilationFactor, 1);
standInSize('Weights', options.Weights, [options.FilterSize, NaN, numFilters]);
standInSize('Bias', options.Bias, [1, 1, numFilters]);
layer = standInLayer('Convolution2DLayer', options, @(inputs) forward(inputs{1}, options));
end

function X = forward(X, options)
X.Data = standInConvolved(X.Data, options.Weights, double(options.Bias(:)), options);
end
