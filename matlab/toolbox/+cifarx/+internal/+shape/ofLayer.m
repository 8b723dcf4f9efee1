function shape = ofLayer(layer, given)
%OFLAYER  Check a layer's sizes, and give that of its output.
%
%   SHAPE = CIFARX.INTERNAL.SHAPE.OFLAYER(LAYER, GIVEN) takes the sizes of LAYER's inputs
%   for one image in the cell array GIVEN, [H W C] of maps or F of features, and
%   gives that of its output, or raises an error 'cifarx:check:reason'. It mirrors
%   export/cifarx/export/network/vocabulary.py.

switch layer.Kind
    case {'Convolution2DLayer', 'GroupedConvolution2DLayer'}
        shape = cifarx.internal.shape.ofConvolution(layer, given{1});
    case 'TransposedConvolution2DLayer'
        shape = cifarx.internal.shape.ofTransposedConvolution(layer, given{1});
    case {'MaxPooling2DLayer', 'AveragePooling2DLayer', 'GlobalAveragePooling2DLayer', ...
          'GlobalMaxPooling2DLayer'}
        shape = cifarx.internal.shape.ofPooling(layer, given{1});
    case {'BatchNormalizationLayer', 'LayerNormalizationLayer', 'GroupNormalizationLayer', ...
          'InstanceNormalizationLayer', 'CrossChannelNormalizationLayer', 'PReLULayer', ...
          'ScalingLayer'}
        cifarx.internal.check.requireChannels(layer, given{1});
        shape = given{1};
    case 'FlattenLayer'
        shape = prod(given{1});
    case 'FullyConnectedLayer'
        shape = fullyConnected(layer, given{1});
    case {'AdditionLayer', 'MultiplicationLayer', 'DepthConcatenationLayer', ...
          'ConcatenationLayer'}
        shape = cifarx.internal.shape.ofJoin(layer, given);
    otherwise  % element by element
        shape = given{1};
end
end

function shape = fullyConnected(layer, given)
%FULLYCONNECTED  O features, as many as Weights has rows.
if numel(given) ~= 1
    cifarx.internal.message.refuse(layer, 'inputSize', ...
                                   ['gets maps of %s, expected features; a FlattenLayer ' ...
                                    'is missing'], ...
                                   cifarx.internal.message.shapeText(given));
end
shape = size(layer.Weights, 1);
cifarx.internal.check.requireArray(layer, 'Weights', [shape, given]);
cifarx.internal.check.requireArray(layer, 'Bias', [shape, 1]);
end
