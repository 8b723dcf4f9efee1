function layer = scalingLayer(varargin)
%SCALINGLAYER  Stand-in for the toolbox's constructor; Scale and Offset expand (R2025a).
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.scalinglayer.html
options = standInOptions(varargin, {'Scale', 1, 'Offset', 0});
layer = standInLayer('ScalingLayer', options, @(inputs) forward(inputs{1}, options));
end

function X = forward(X, options)
expected = size(X.Data);
X.Data = double(options.Scale) .* X.Data + double(options.Offset);
standInSize('Scale.*X + Offset', X.Data, expected);
end
