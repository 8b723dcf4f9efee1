function layer = clippedReluLayer(ceiling, varargin)
%CLIPPEDRELULAYER  Stand-in for the toolbox's constructor; the ceiling comes first.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.clippedrelulayer.html
options = standInOptions(varargin, {});
standInNumber('Ceiling', ceiling, realmin, Inf);
options.Ceiling = double(ceiling);
layer = standInLayer('ClippedReLULayer', options, @(inputs) forward(inputs{1}, options));
end

function X = forward(X, options)
X.Data = min(options.Ceiling, X.Data .* (X.Data > 0));
end
