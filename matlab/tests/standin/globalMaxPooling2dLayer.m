function layer = globalMaxPooling2dLayer(varargin)
%GLOBALMAXPOOLING2DLAYER  Stand-in for the toolbox's constructor; height and width become 1.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.globalmaxpooling2dlayer.html
options = standInOptions(varargin, {});
layer = standInLayer('GlobalMaxPooling2DLayer', options, @(inputs) forward(inputs{1}, options));
end

function X = forward(X, options) %#ok<INUSD>
X.Data = max(max(X.Data, [], 1), [], 2);
end
