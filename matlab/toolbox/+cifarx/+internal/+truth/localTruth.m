function [Y, bound] = localTruth(layer, inputs)
%LOCALTRUTH  Expected output of a layer, and the rounding bound of single precision.
%
%   [Y, BOUND] = CIFARX.INTERNAL.TRUTH.LOCALTRUTH(LAYER, INPUTS) computes LAYER, one element of
%   net.layers, in double precision for the cell array INPUTS of single arrays. BOUND, double and
%   of the size of Y, is the largest error that a correct computation in single precision may have
%   at each element. No arithmetic is shared with CIFARX.LAYER, so that a fault there cannot be in
%   both. BOUND is zero for layers that only move or select values. Elsewhere realmin('single') is
%   added, because singles are coarser below it and some processors flush them to zero.

inputs = cellfun(@double, inputs, 'UniformOutput', false);
X = inputs{1};
switch layer.Kind
    case {'Convolution2DLayer', 'GroupedConvolution2DLayer', 'TransposedConvolution2DLayer', ...
          'FullyConnectedLayer'}
        [Y, bound] = cifarx.internal.truth.ofSums(layer, X);
    case {'BatchNormalizationLayer', 'LayerNormalizationLayer', 'GroupNormalizationLayer', ...
          'InstanceNormalizationLayer', 'CrossChannelNormalizationLayer'}
        [Y, bound] = cifarx.internal.truth.ofNormalization(layer, X);
    case {'ReLULayer', 'LeakyReLULayer', 'ClippedReLULayer', 'PReLULayer', 'ELULayer', ...
          'GELULayer', 'SwishLayer', 'SigmoidLayer', 'TanhLayer', 'SoftmaxLayer'}
        [Y, bound] = cifarx.internal.truth.ofActivation(layer, X);
    case {'LogSoftmaxLayer', 'ElementwiseLayer', 'PowerLayer', 'BinaryElementwiseLayer'}
        [Y, bound] = cifarx.internal.truth.ofFunction(layer, inputs);
    case {'MaxPooling2DLayer', 'AveragePooling2DLayer', 'GlobalAveragePooling2DLayer', ...
          'GlobalMaxPooling2DLayer'}
        [Y, bound] = cifarx.internal.truth.ofPooling(layer, X);
    case 'Resize2DLayer'
        [Y, bound] = cifarx.internal.truth.ofResizing(layer, X);
    case 'ScalingLayer'
        [scale, offset] = deal(double(layer.Scale), double(layer.Offset));
        Y = scale .* X + offset;
        bound = cifarx.internal.truth.gammaBound(2) * (abs(scale .* X) + abs(offset));
    case 'AdditionLayer'
        Y = plus(inputs{:});
        bound = cifarx.internal.truth.gammaBound(1) * abs(Y);
    case 'MultiplicationLayer'
        Y = times(inputs{:});
        bound = cifarx.internal.truth.gammaBound(1) * abs(Y);
    case 'DropoutLayer'
        [Y, bound] = deal(X, 0);
    case 'FlattenLayer'
        [Y, bound] = deal(reshape(X, [], size(X, 4)), 0);
    case 'ReshapeLayer'
        [Y, bound] = deal(reshaped(layer, X), 0);
    case 'DepthConcatenationLayer'
        [Y, bound] = deal(cat(3, inputs{:}), 0);
    case 'ConcatenationLayer'
        [Y, bound] = deal(cat(layer.Dim, inputs{:}), 0);
    otherwise
        error('cifarx:verify:unknownKind', ...
              'Layer ''%s'' is of kind ''%s'', which this toolbox does not support.', ...
              layer.Name, layer.Kind);
end
bound = bound + zeros(size(Y));
bound(bound > 0) = bound(bound > 0) + double(realmin('single'));
end

function Y = reshaped(layer, X)
%RESHAPED  Each map by itself: its pixels row by row from the features.
[height, width, channels] = deal(layer.OutputSize(1), layer.OutputSize(2), layer.OutputSize(3));
Y = zeros(height, width, channels, size(X, 2));
for c = 1:channels
    for h = 1:height
        first = (c - 1) * height * width + (h - 1) * width;
        Y(h, :, c, :) = reshape(X(first + (1:width), :), 1, width, 1, []);
    end
end
end
