function [options, arrays] = vocabulary(kind)
%VOCABULARY  Properties of a kind of layer.
%
%   [OPTIONS, ARRAYS] = CIFARX.INTERNAL.VOCABULARY(KIND) returns the names of the options (numbers
%   and words) and of the arrays (single) of a layer of kind KIND, each a 1-by-n cell array, in the
%   order of the table in export/README.md. For an unknown KIND both are the number -1.

window = {'Stride', 'Padding', 'DilationFactor'};
pool = {'PoolSize', 'Stride', 'Padding'};
options = cell(1, 0);
arrays = cell(1, 0);
switch kind
    case 'Convolution2DLayer'
        options = window;
        arrays = {'Weights', 'Bias'};
    case 'GroupedConvolution2DLayer'
        options = [window, {'NumGroups'}];
        arrays = {'Weights', 'Bias'};
    case 'TransposedConvolution2DLayer'
        options = {'Stride', 'Cropping'};
        arrays = {'Weights', 'Bias'};
    case 'FullyConnectedLayer'
        arrays = {'Weights', 'Bias'};
    case 'BatchNormalizationLayer'
        options = {'Epsilon'};
        arrays = {'Scale', 'Offset', 'TrainedMean', 'TrainedVariance'};
    case {'LayerNormalizationLayer', 'InstanceNormalizationLayer'}
        options = {'Epsilon'};
        arrays = {'Scale', 'Offset'};
    case 'GroupNormalizationLayer'
        options = {'Epsilon', 'NumGroups'};
        arrays = {'Scale', 'Offset'};
    case 'CrossChannelNormalizationLayer'
        options = {'WindowChannelSize', 'Alpha', 'Beta', 'K'};
    case 'ScalingLayer'
        arrays = {'Scale', 'Offset'};
    case 'PReLULayer'
        arrays = {'Alpha'};
    case 'LeakyReLULayer'
        options = {'Scale'};
    case 'ClippedReLULayer'
        options = {'Ceiling'};
    case 'ELULayer'
        options = {'Alpha'};
    case 'GELULayer'
        options = {'Approximation'};
    case {'ElementwiseLayer', 'BinaryElementwiseLayer'}
        options = {'Function'};
    case 'PowerLayer'
        arrays = {'Exponent'};
    case 'MaxPooling2DLayer'
        options = pool;
    case 'AveragePooling2DLayer'
        options = [pool, {'PaddingValue'}];
    case 'Resize2DLayer'
        options = {'OutputSize', 'Scale', 'Method', 'GeometricTransformMode', ...
                   'NearestRoundingMode'};
    case 'DropoutLayer'
        options = {'Probability'};
    case 'ReshapeLayer'
        options = {'OutputSize'};
    case 'ConcatenationLayer'
        options = {'Dim'};
    case {'ReLULayer', 'SwishLayer', 'SigmoidLayer', 'TanhLayer', 'SoftmaxLayer', ...
          'LogSoftmaxLayer', 'GlobalAveragePooling2DLayer', 'GlobalMaxPooling2DLayer', ...
          'FlattenLayer', 'AdditionLayer', 'MultiplicationLayer', 'DepthConcatenationLayer'}
        % neither options nor arrays
    otherwise
        options = -1;
        arrays = -1;
end
end
