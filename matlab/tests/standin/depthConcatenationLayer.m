function layer = depthConcatenationLayer(numInputs, varargin)
%DEPTHCONCATENATIONLAYER  Stand-in for the toolbox's constructor; maps of one height and width.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.depthconcatenationlayer.html
options = standInOptions(varargin, {});
standInNumber('NumInputs', numInputs, 2, Inf);
layer = standInLayer('DepthConcatenationLayer', options, @forward, numInputs);
end

function X = forward(inputs)
X = inputs{1};
parts = cellfun(@(input) input.Data, inputs, 'UniformOutput', false);
X.Data = cat(3, parts{:});
end
