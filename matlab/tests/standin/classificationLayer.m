function layer = classificationLayer(varargin)
%CLASSIFICATIONLAYER  Stand-in for the output layer that trainNetwork wants.
% https://www.mathworks.com/help/deeplearning/ref/classificationlayer.html
options = standInOptions(varargin, {'Classes', 'auto', 'ClassWeights', 'none'});
layer = standInLayer('ClassificationOutputLayer', options, @(inputs) inputs{1});
end
