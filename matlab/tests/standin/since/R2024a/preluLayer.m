function layer = preluLayer(varargin)
%PRELULAYER  Stand-in for the toolbox's constructor; Alpha expands to the input (R2024a).
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.prelulayer.html
options = standInOptions(varargin, {'Alpha', 0.25});
layer = standInLayer('PReLULayer', options, @(inputs) forward(inputs{1}, options));
end

function X = forward(X, options)
expected = size(X.Data);
X.Data = X.Data .* (X.Data > 0) + double(options.Alpha) .* X.Data .* (X.Data <= 0);
standInSize('the output', X.Data, expected);
end
