function shape = ofLayer(layer, given)
%OFLAYER  Check the sizes of a layer and return the size of its output.
%
%   SHAPE = CIFARX.INTERNAL.SHAPE.OFLAYER(LAYER, GIVEN) returns the size of the output of LAYER for
%   one image. GIVEN is a cell array of the sizes of its inputs, [H W C] (maps) or F (features).
%   Errors are 'cifarx:check:REASON'. The rules are those of
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
          'ScalingLayer', 'PowerLayer'}
        cifarx.internal.check.requireChannels(layer, given{1});
        shape = given{1};
    case 'Resize2DLayer'
        shape = cifarx.internal.shape.ofResize(layer, given{1});
    case 'FlattenLayer'
        shape = prod(given{1});
    case 'ReshapeLayer'
        shape = reshaped(layer, given{1});
    case 'FullyConnectedLayer'
        shape = fullyConnected(layer, given{1});
    case {'AdditionLayer', 'MultiplicationLayer', 'BinaryElementwiseLayer', ...
          'DepthConcatenationLayer', 'ConcatenationLayer'}
        shape = cifarx.internal.shape.ofJoin(layer, given);
    otherwise  % elementwise
        shape = given{1};
end
end

function shape = reshaped(layer, given)
%RESHAPED  Maps of OutputSize, with as many values as there are features.
shape = layer.OutputSize;
if numel(given) ~= 1 || given ~= prod(shape)
    cifarx.internal.message.refuse(layer, 'inputSize', ...
                                   'its input is of %s, expected %d features for maps of %s', ...
                                   cifarx.internal.message.shapeText(given), prod(shape), ...
                                   cifarx.internal.message.shapeText(shape));
end
end

function shape = fullyConnected(layer, given)
%FULLYCONNECTED  One feature per row of Weights.
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
