function layer = transposedConv2dLayer(filterSize, numFilters, varargin)
%TRANSPOSEDCONV2DLAYER  Stand-in for the toolbox's constructor; kernels h-by-w-by-F-by-C.
% https://www.mathworks.com/help/deeplearning/ref/transposedconv2dlayer.html
options = standInOptions(varargin, {'Stride', 1, 'Cropping', 0, 'NumChannels', 'auto', ...
                                    'Weights', [], 'Bias', [], ...
                                    'WeightLearnRateFactor', 1, 'BiasLearnRateFactor', 1});
options.FilterSize = standInSteps('FilterSize', filterSize, 1);
options.NumFilters = numFilters;
options.Stride = standInSteps('Stride', options.Stride, 1);
options.CroppingSize = standInEdges('Cropping', options.Cropping);
standInSize('Weights', options.Weights, [options.FilterSize, numFilters, NaN]);
standInSize('Bias', options.Bias, [1, 1, numFilters]);
layer = standInLayer('TransposedConvolution2DLayer', options, ...
                     @(inputs) forward(inputs{1}, options));
end

function Y = forward(X, options)
%FORWARD  Zeros between the pixels, then the full convolution of each map.
Y = X;
edges = options.CroppingSize;
standInSize('Weights', options.Weights, [NaN, NaN, NaN, size(X.Data, 3)]);
for n = size(X.Data, 4):-1:1
    for f = options.NumFilters:-1:1
        total = double(options.Bias(f));
        for c = 1:size(X.Data, 3)
            apart = zeros(([size(X.Data, 1), size(X.Data, 2)] - 1) .* options.Stride + 1);
            apart(1:options.Stride(1):end, 1:options.Stride(2):end) = X.Data(:, :, c, n);
            total = total + conv2(apart, double(options.Weights(:, :, f, c)), 'full');
        end
        laid(:, :, f, n) = total(1 + edges(1):end - edges(2), 1 + edges(3):end - edges(4));
    end
end
Y.Data = laid;
end
