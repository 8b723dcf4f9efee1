function layer = additionLayer(numInputs, varargin)
%ADDITIONLAYER  Stand-in for the toolbox's constructor; inputs of one size.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.additionlayer.html
options = standInOptions(varargin, {});
standInNumber('NumInputs', numInputs, 2, Inf);
layer = standInLayer('AdditionLayer', options, @forward, numInputs);
end

function X = forward(inputs)
X = inputs{1};
for i = 2:numel(inputs)
    standInSize('an input', inputs{i}.Data, size(X.Data));
    X.Data = X.Data + inputs{i}.Data;
end
end
