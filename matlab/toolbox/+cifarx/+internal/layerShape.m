function shape = layerShape(layer, given)
%LAYERSHAPE  Check a layer's sizes, and give that of its output.
%
%   SHAPE = CIFARX.INTERNAL.LAYERSHAPE(LAYER, GIVEN) takes the sizes of LAYER's inputs
%   for one image in the cell array GIVEN, [H W C] of maps or F of features, and
%   gives that of its output, or raises an error 'cifarx:check:reason'. It mirrors
%   export/cifarx/export/network/vocabulary.py.

switch layer.Kind
    case {'Convolution2DLayer', 'GroupedConvolution2DLayer'}
        shape = cifarx.internal.shapeOfConvolution(layer, given{1});
    case 'TransposedConvolution2DLayer'
        shape = cifarx.internal.shapeOfTransposed(layer, given{1});
    case {'MaxPooling2DLayer', 'AveragePooling2DLayer', 'GlobalAveragePooling2DLayer', ...
          'GlobalMaxPooling2DLayer'}
        shape = cifarx.internal.shapeOfPooling(layer, given{1});
    case {'BatchNormalizationLayer', 'LayerNormalizationLayer', 'GroupNormalizationLayer', ...
          'InstanceNormalizationLayer', 'CrossChannelNormalizationLayer', 'PReLULayer', ...
          'ScalingLayer'}
        cifarx.internal.requireChannels(layer, given{1});
        shape = given{1};
    case 'FlattenLayer'
        shape = prod(given{1});
    case 'FullyConnectedLayer'
        shape = fullyConnected(layer, given{1});
    case {'AdditionLayer', 'MultiplicationLayer', 'DepthConcatenationLayer', ...
          'ConcatenationLayer'}
        shape = cifarx.internal.shapeOfJoin(layer, given);
    otherwise  % element by element
        shape = given{1};
end
end

function shape = fullyConnected(layer, given)
%FULLYCONNECTED  O features, as many as Weights has rows.
if numel(given) ~= 1
    cifarx.internal.refuse(layer, 'inputSize', ...
                           'gets maps of %s, expected features; a FlattenLayer is missing', ...
                           cifarx.internal.shapeText(given));
end
shape = size(layer.Weights, 1);
cifarx.internal.requireArray(layer, 'Weights', [shape, given]);
cifarx.internal.requireArray(layer, 'Bias', [shape, 1]);
end
