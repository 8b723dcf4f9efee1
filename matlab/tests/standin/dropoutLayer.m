function layer = dropoutLayer(probability, varargin)
%DROPOUTLAYER  Stand-in for the toolbox's constructor; nothing at prediction.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.dropoutlayer.html
options = standInOptions(varargin, {});
standInNumber('Probability', probability, 0, 1 - eps);
options.Probability = probability;
layer = standInLayer('DropoutLayer', options, @(inputs) inputs{1});
end
