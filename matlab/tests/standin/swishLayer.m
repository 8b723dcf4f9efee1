function layer = swishLayer(varargin)
%SWISHLAYER  Stand-in for the toolbox's constructor; no options.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.swishlayer.html
options = standInOptions(varargin, {});
layer = standInLayer('SwishLayer', options, @(inputs) forward(inputs{1}, options));
end

function X = forward(X, options) %#ok<INUSD>
X.Data = X.Data ./ (1 + exp(-X.Data));
end
