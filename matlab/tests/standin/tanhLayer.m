function layer = tanhLayer(varargin)
%TANHLAYER  Stand-in for the toolbox's constructor; no options.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.tanhlayer.html
options = standInOptions(varargin, {});
layer = standInLayer('TanhLayer', options, @(inputs) forward(inputs{1}, options));
end

function X = forward(X, options) %#ok<INUSD>
X.Data = 1 - 2 ./ (exp(2 * X.Data) + 1);
end
