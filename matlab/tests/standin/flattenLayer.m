function layer = flattenLayer(varargin)
%FLATTENLAYER  Stand-in for the toolbox's constructor; height first, then width, channel.
% https://www.mathworks.com/matlabcentral/answers/1609430 says that R2021a takes sequences only.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.flattenlayer.html
options = standInOptions(varargin, {});
layer = standInLayer('FlattenLayer', options, @(inputs) forward(inputs{1}));
end

function X = forward(X)
if strcmp(X.Format, 'SSCB') && ~standInSince('R2021b')
    error('standin:flatten', 'R2021a flattens sequences of images only.');
end
X = standInFeatures(standInFlattened(X));
end
