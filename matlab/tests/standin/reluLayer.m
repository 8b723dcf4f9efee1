function layer = reluLayer(varargin)
%RELULAYER  Stand-in for the toolbox's constructor; no options.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.relulayer.html
options = standInOptions(varargin, {});
layer = standInLayer('ReLULayer', options, @(inputs) forward(inputs{1}, options));
end

function X = forward(X, options) %#ok<INUSD>
X.Data = X.Data .* (X.Data > 0);
end
