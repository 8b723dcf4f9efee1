function Y = applyLayer(layer, inputs)
%APPLYLAYER  Compute one layer.
%
%   Y = CIFARX.INTERNAL.APPLYLAYER(LAYER, INPUTS) returns the output of LAYER, one element of
%   net.layers, for the cell array INPUTS of its input arrays: maps H-by-W-by-C-by-N, or features
%   F-by-N. This switch is the only place where a kind selects code, so text in a file cannot run
%   anything else.

X = inputs{1};
switch layer.Kind
    case 'Convolution2DLayer'
        Y = cifarx.layer.convolution2d(X, layer.Weights, layer.Bias, layer.Stride, ...
                                       layer.Padding, layer.DilationFactor);
    case 'GroupedConvolution2DLayer'
        Y = cifarx.layer.groupedConvolution2d(X, layer.Weights, layer.Bias, layer.Stride, ...
                                              layer.Padding, layer.DilationFactor, ...
                                              layer.NumGroups);
    case 'TransposedConvolution2DLayer'
        Y = cifarx.layer.transposedConvolution2d(X, layer.Weights, layer.Bias, ...
                                                 layer.Stride, layer.Cropping);
    case 'BatchNormalizationLayer'
        Y = cifarx.layer.batchNormalization(X, layer.Scale, layer.Offset, ...
                                            layer.TrainedMean, layer.TrainedVariance, ...
                                            layer.Epsilon);
    case 'LayerNormalizationLayer'
        Y = cifarx.layer.layerNormalization(X, layer.Scale, layer.Offset, layer.Epsilon);
    case 'GroupNormalizationLayer'
        Y = cifarx.layer.groupNormalization(X, layer.Scale, layer.Offset, layer.Epsilon, ...
                                            layer.NumGroups);
    case 'InstanceNormalizationLayer'
        Y = cifarx.layer.instanceNormalization(X, layer.Scale, layer.Offset, layer.Epsilon);
    case 'CrossChannelNormalizationLayer'
        Y = cifarx.layer.crossChannelNormalization(X, layer.WindowChannelSize, ...
                                                   layer.Alpha, layer.Beta, layer.K);
    case 'ReLULayer'
        Y = cifarx.layer.relu(X);
    case 'LeakyReLULayer'
        Y = cifarx.layer.leakyReLU(X, layer.Scale);
    case 'ClippedReLULayer'
        Y = cifarx.layer.clippedReLU(X, layer.Ceiling);
    case 'PReLULayer'
        Y = cifarx.layer.pReLU(X, layer.Alpha);
    case 'ELULayer'
        Y = cifarx.layer.eLU(X, layer.Alpha);
    case 'GELULayer'
        Y = cifarx.layer.gELU(X, layer.Approximation);
    case 'SwishLayer'
        Y = cifarx.layer.swish(X);
    case 'SigmoidLayer'
        Y = cifarx.layer.sigmoid(X);
    case 'TanhLayer'
        Y = cifarx.layer.tanh(X);
    case 'SoftmaxLayer'
        Y = cifarx.layer.softmax(X);
    case 'LogSoftmaxLayer'
        Y = cifarx.layer.logSoftmax(X);
    case 'ElementwiseLayer'
        Y = cifarx.layer.elementwise(X, layer.Function);
    case 'PowerLayer'
        Y = cifarx.layer.power(X, layer.Exponent);
    case 'ScalingLayer'
        Y = cifarx.layer.scaling(X, layer.Scale, layer.Offset);
    case 'MaxPooling2DLayer'
        Y = cifarx.layer.maxPooling2d(X, layer.PoolSize, layer.Stride, layer.Padding);
    case 'AveragePooling2DLayer'
        Y = cifarx.layer.averagePooling2d(X, layer.PoolSize, layer.Stride, ...
                                          layer.Padding, layer.PaddingValue);
    case 'GlobalAveragePooling2DLayer'
        Y = cifarx.layer.globalAveragePooling2d(X);
    case 'GlobalMaxPooling2DLayer'
        Y = cifarx.layer.globalMaxPooling2d(X);
    case 'Resize2DLayer'
        Y = cifarx.layer.resize2d(X, layer.OutputSize, layer.Scale, layer.Method, ...
                                  layer.GeometricTransformMode, layer.NearestRoundingMode);
    case 'DropoutLayer'
        Y = cifarx.layer.dropout(X);
    case 'FlattenLayer'
        Y = cifarx.layer.flatten(X);
    case 'ReshapeLayer'
        Y = cifarx.layer.reshape(X, layer.OutputSize);
    case 'FullyConnectedLayer'
        Y = cifarx.layer.fullyConnected(X, layer.Weights, layer.Bias);
    case 'AdditionLayer'
        Y = cifarx.layer.addition(inputs);
    case 'MultiplicationLayer'
        Y = cifarx.layer.multiplication(inputs);
    case 'BinaryElementwiseLayer'
        Y = cifarx.layer.binaryElementwise(inputs, layer.Function);
    case 'DepthConcatenationLayer'
        Y = cifarx.layer.depthConcatenation(inputs);
    case 'ConcatenationLayer'
        Y = cifarx.layer.concatenation(inputs, layer.Dim);
    otherwise
        error('cifarx:predict:unknownKind', ...
              'Layer ''%s'' is of kind ''%s'', which this toolbox does not support.', ...
              layer.Name, layer.Kind);
end
end
