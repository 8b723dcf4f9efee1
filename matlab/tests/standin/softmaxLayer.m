function layer = softmaxLayer(varargin)
%SOFTMAXLAYER  Stand-in for the toolbox's constructor; over the channels.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.softmaxlayer.html
options = standInOptions(varargin, {});
layer = standInLayer('SoftmaxLayer', options, @(inputs) forward(inputs{1}));
end

function X = forward(X)
channels = 1 + 2 * strcmp(X.Format, 'SSCB');
X.Data = exp(X.Data) ./ sum(exp(X.Data), channels);
end
