function layer = preluLayer(varargin)
%PRELULAYER  Stand-in for the toolbox's constructor; Alpha expands to the input.
% Whether a 1-by-1-by-C array counts as a matrix is not stated; here R2026b alone accepts it.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.prelulayer.html
options = standInOptions(varargin, {'Alpha', 0.25});
if ~standInSince('R2026b') && ndims(options.Alpha) > 2  % "scalar, or vector, or a matrix"
    error('standin:alpha', 'Alpha must be a scalar, a vector or a matrix.');
end
layer = standInLayer('PReLULayer', options, @(inputs) forward(inputs{1}, inputs{2}));
end

function X = forward(X, alpha)
expected = size(X.Data);
X.Data = X.Data .* (X.Data > 0) + double(alpha) .* X.Data .* (X.Data <= 0);
standInSize('the output', X.Data, expected);
end
