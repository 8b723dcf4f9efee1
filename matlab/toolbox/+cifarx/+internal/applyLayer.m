function Y = applyLayer(layer, inputs)
%APPLYLAYER  Compute one layer.
%
%   Y = CIFARX.INTERNAL.APPLYLAYER(LAYER, INPUTS) gives the output of LAYER, one
%   element of net.layers, for the cell array INPUTS of its input arrays: maps
%   H-by-W-by-C-by-N, or features F-by-N. A kind is looked up here and nowhere
%   else: no text of a file becomes code.

X = inputs{1};
switch layer.Kind
    case 'Convolution2DLayer'
        Y = cifarx.layer.convolution2d(X, layer.Weights, layer.Bias, layer.Stride, ...
                                       layer.Padding, layer.DilationFactor);
    case 'BatchNormalizationLayer'
        Y = cifarx.layer.batchNormalization(X, layer.Scale, layer.Offset, ...
                                            layer.TrainedMean, layer.TrainedVariance, ...
                                            layer.Epsilon);
    case 'ReLULayer'
        Y = cifarx.layer.relu(X);
    case 'MaxPooling2DLayer'
        Y = cifarx.layer.maxPooling2d(X, layer.PoolSize, layer.Stride, layer.Padding);
    case 'AveragePooling2DLayer'
        Y = cifarx.layer.averagePooling2d(X, layer.PoolSize, layer.Stride, layer.Padding);
    case 'GlobalAveragePooling2DLayer'
        Y = cifarx.layer.globalAveragePooling2d(X);
    case 'DropoutLayer'
        Y = cifarx.layer.dropout(X);
    case 'FlattenLayer'
        Y = cifarx.layer.flatten(X);
    case 'FullyConnectedLayer'
        Y = cifarx.layer.fullyConnected(X, layer.Weights, layer.Bias);
    case 'AdditionLayer'
        Y = cifarx.layer.addition(inputs);
    case 'MultiplicationLayer'
        Y = cifarx.layer.multiplication(inputs);
    otherwise
        error('cifarx:predict:unknownKind', ...
              'Layer ''%s'' is of kind ''%s'', which this toolbox does not know.', ...
              layer.Name, layer.Kind);
end
end
