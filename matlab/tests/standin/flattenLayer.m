function layer = flattenLayer(varargin)
%FLATTENLAYER  Stand-in for the toolbox's constructor; height first, then width, channel.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.flattenlayer.html
options = standInOptions(varargin, {});
layer = standInLayer('FlattenLayer', options, @(inputs) standInFlattened(inputs{1}));
end
