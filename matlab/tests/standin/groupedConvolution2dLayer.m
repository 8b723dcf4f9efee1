function layer = groupedConvolution2dLayer(filterSize, numFiltersPerGroup, numGroups, varargin)
%GROUPEDCONVOLUTION2DLAYER  Stand-in for the toolbox's constructor; five dimensions.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.groupedconvolution2dlayer.html
options = standInOptions(varargin, {'Stride', 1, 'Padding', 0, 'DilationFactor', 1, ...
                                    'PaddingValue', 0, 'Weights', [], 'Bias', [], ...
                                    'WeightLearnRateFactor', 1, 'BiasLearnRateFactor', 1});
options.FilterSize = standInSteps('FilterSize', filterSize, 1);
options.NumGroups = numGroups;
options.Stride = standInSteps('Stride', options.Stride, 1);
options.PaddingSize = standInEdges('Padding', options.Padding);
options.DilationFactor = standInSteps('DilationFactor', options.DilationFactor, 1);
expected = [options.FilterSize, NaN, numFiltersPerGroup, numGroups];
standInSize('Weights', options.Weights, expected);
standInSize('Bias', options.Bias, [1, 1, numFiltersPerGroup, numGroups]);
layer = standInLayer('GroupedConvolution2DLayer', options, ...
                     @(inputs) forward(inputs{1}, options));
end

function X = forward(X, options)
parts = cell(1, options.NumGroups);
share = size(X.Data, 3) / options.NumGroups;
for g = 1:options.NumGroups
    seen = X.Data(:, :, (g - 1) * share + 1:g * share, :);
    bias = double(reshape(options.Bias(:, :, :, g), [], 1));
    parts{g} = standInConvolved(seen, options.Weights(:, :, :, :, g), bias, options);
end
X.Data = cat(3, parts{:});
end
