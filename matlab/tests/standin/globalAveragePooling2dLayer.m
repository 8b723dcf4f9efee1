function layer = globalAveragePooling2dLayer(varargin)
%GLOBALAVERAGEPOOLING2DLAYER  Stand-in for the toolbox's constructor; height and width become 1.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.globalaveragepooling2dlayer.html
options = standInOptions(varargin, {});
layer = standInLayer('GlobalAveragePooling2DLayer', options, @(inputs) forward(inputs{1}, options));
end

function X = forward(X, options) %#ok<INUSD>
X.Data = mean(mean(X.Data, 1), 2);
end
