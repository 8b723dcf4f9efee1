function fun = functionOf(layer)
%FUNCTIONOF  The function of a layer that Deep Learning Toolbox builds by functionLayer.
%
%   FUN = CIFARX.INTERNAL.BUILD.FUNCTIONOF(LAYER) is a handle of a function of dlarray objects for
%   one element of net.layers: a reshape to maps, a log-softmax, a power, or a function of one or
%   two elements. Deep Learning Toolbox has no layer of its own for these. The words in a file only
%   select one of the handles below. They use functions that support dlarray objects:
%   https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.functionlayer.html
%   https://www.mathworks.com/help/deeplearning/ug/list-of-functions-with-dlarray-support.html

switch layer.Kind
    case 'LogSoftmaxLayer'
        fun = @logSoftmax;
    case 'ReshapeLayer'
        fun = toMaps(layer.OutputSize);
    case 'PowerLayer'
        exponent = double(layer.Exponent);
        fun = @(X) X.^exponent;
    case 'ElementwiseLayer'
        fun = ofOne(layer.Function);
    case 'BinaryElementwiseLayer'
        fun = ofTwo(layer.Function);
end
end

function fun = toMaps(extent)
%TOMAPS  A function that converts features in PyTorch's order to maps of EXTENT = [H W C].
% This function has formatted inputs, 'CB', and outputs, 'SSCB'.
[height, width, channels] = deal(extent(1), extent(2), extent(3));
fun = @(X) dlarray(permute(reshape(stripdims(X), width, height, channels, []), [2 1 3 4]), 'SSCB');
end

function fun = ofOne(name)
%OFONE  A function of each element.
switch name
    case 'abs'
        fun = @(X) abs(X);
    case 'ceil'
        fun = @(X) ceil(X);
    case 'cos'
        fun = @(X) cos(X);
    case 'exp'
        fun = @(X) exp(X);
    case 'floor'
        fun = @(X) floor(X);
    case 'log'
        fun = @(X) log(X);
    case 'reciprocal'
        fun = @(X) 1 ./ X;
    case 'sign'
        fun = @(X) sign(X);
    case 'sin'
        fun = @(X) sin(X);
    case 'softplus'
        fun = @(X) max(X, 0) + log(1 + exp(-abs(X)));
    case 'sqrt'
        fun = @(X) sqrt(X);
end
end

function fun = ofTwo(name)
%OFTWO  A function of each pair of elements.
switch name
    case 'divide'
        fun = @(A, B) A ./ B;
    case 'max'
        fun = @(A, B) max(A, B);
    case 'min'
        fun = @(A, B) min(A, B);
end
end

function Y = logSoftmax(X)
%LOGSOFTMAX  Over the third dimension of maps, the first of features.
dim = 3;
if ndims(X) == 2 %#ok<ISMAT>
    dim = 1;
end
Y = X - max(X, [], dim);
Y = Y - log(sum(exp(Y), dim));
end
