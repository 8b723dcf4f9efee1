function layer = eluLayer(alpha, varargin)
%ELULAYER  Stand-in for the toolbox's constructor; alpha comes first.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.elulayer.html
options = standInOptions(varargin, {});
standInNumber('Alpha', alpha, -Inf, Inf);
options.Alpha = double(alpha);
layer = standInLayer('ELULayer', options, @(inputs) forward(inputs{1}, options));
end

function X = forward(X, options)
X.Data = max(X.Data, 0) + options.Alpha * (exp(min(X.Data, 0)) - 1);
end
