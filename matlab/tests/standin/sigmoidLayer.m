function layer = sigmoidLayer(varargin)
%SIGMOIDLAYER  Stand-in for the toolbox's constructor; no options.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.sigmoidlayer.html
options = standInOptions(varargin, {});
layer = standInLayer('SigmoidLayer', options, @(inputs) forward(inputs{1}, options));
end

function X = forward(X, options) %#ok<INUSD>
X.Data = 1 ./ (1 + exp(-X.Data));
end
