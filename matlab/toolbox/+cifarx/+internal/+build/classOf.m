function name = classOf(layerName, net)
%CLASSOF  Class of a layer in the dlnetwork of a network.
%
%   NAME = CIFARX.INTERNAL.BUILD.CLASSOF(LAYERNAME, NET) is for example
%   'nnet.cnn.layer.Convolution2DLayer', for the name of a layer or an input of NET, a network
%   returned by CIFARX.LOAD.

at = strcmp(layerName, {net.layers.Name});
if any(at)
    kind = net.layers(at).Kind;
elseif strcmp(net.inputs(strcmp(layerName, {net.inputs.Name})).Format, 'CB')
    kind = 'FeatureInputLayer';
else
    kind = 'ImageInputLayer';
end
if any(strcmp(kind, {'ReshapeLayer', 'LogSoftmaxLayer', 'ElementwiseLayer', 'PowerLayer', ...
                     'BinaryElementwiseLayer'}))
    kind = 'FunctionLayer';
end
name = ['nnet.cnn.layer.' kind];
end
