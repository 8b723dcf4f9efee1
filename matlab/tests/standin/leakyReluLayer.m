function layer = leakyReluLayer(scale, varargin)
%LEAKYRELULAYER  Stand-in for the toolbox's constructor; the scale comes first.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.leakyrelulayer.html
options = standInOptions(varargin, {});
standInNumber('Scale', scale, -Inf, Inf);
options.Scale = double(scale);
layer = standInLayer('LeakyReLULayer', options, @(inputs) forward(inputs{1}, options));
end

function X = forward(X, options)
X.Data = X.Data .* (1 - (1 - options.Scale) * (X.Data < 0));
end
