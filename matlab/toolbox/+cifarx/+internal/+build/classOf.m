function name = classOf(kind)
%CLASSOF  The Deep Learning Toolbox class that CIFARX.DLNETWORK builds for a kind of layer.
%
%   NAME = CIFARX.INTERNAL.BUILD.CLASSOF(KIND) is 'nnet.cnn.layer.KIND', or the class of
%   functionLayer for kinds that Deep Learning Toolbox has no layer for.

if any(strcmp(kind, {'LogSoftmaxLayer', 'ElementwiseLayer', 'PowerLayer', ...
                     'BinaryElementwiseLayer'}))
    kind = 'FunctionLayer';
end
name = ['nnet.cnn.layer.' kind];
end
