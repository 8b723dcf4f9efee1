function layer = multiplicationLayer(numInputs, varargin)
%MULTIPLICATIONLAYER  Stand-in for the toolbox's constructor; sizes are equal, or 1.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.multiplicationlayer.html
options = standInOptions(varargin, {});
standInNumber('NumInputs', numInputs, 2, Inf);
layer = standInLayer('MultiplicationLayer', options, @forward, numInputs);
end

function X = forward(inputs)
X = inputs{1};
for i = 2:numel(inputs)
    X.Data = X.Data .* inputs{i}.Data;
end
end
