function layer = featureInputLayer(numFeatures, varargin)
%FEATUREINPUTLAYER  Stand-in for the toolbox's constructor; vectors of NUMFEATURES numbers.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.featureinputlayer.html
options = standInOptions(varargin, {'Normalization', 'none', 'NormalizationDimension', 'auto', ...
                                    'Mean', [], 'StandardDeviation', [], 'Min', [], 'Max', []});
standInNumber('InputSize', numFeatures, 1, Inf);
if ~strcmp(options.Normalization, 'none')
    error('standin:normalization', 'This stand-in knows ''none'' only.');
end
options.InputSize = double(numFeatures);
layer = standInLayer('FeatureInputLayer', options, @(inputs) inputs{1});
end
