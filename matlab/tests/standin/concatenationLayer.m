function layer = concatenationLayer(dim, numInputs, varargin)
%CONCATENATIONLAYER  Stand-in for the toolbox's constructor; dimension, then number of inputs.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.concatenationlayer.html
options = standInOptions(varargin, {});
standInNumber('Dim', dim, 1, 4);
standInNumber('NumInputs', numInputs, 2, Inf);
options.Dim = dim;
layer = standInLayer('ConcatenationLayer', options, @(inputs) forward(inputs, dim), numInputs);
end

function X = forward(inputs, dim)
X = inputs{1};
parts = cellfun(@(input) input.Data, inputs, 'UniformOutput', false);
X.Data = cat(dim, parts{:});
end
