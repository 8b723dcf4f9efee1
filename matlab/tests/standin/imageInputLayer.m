function layer = imageInputLayer(inputSize, varargin)
%IMAGEINPUTLAYER  Stand-in for the toolbox's constructor; InputSize is [h w c].
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.imageinputlayer.html
options = standInOptions(varargin, {'Normalization', 'zerocenter', 'Mean', [], ...
                                    'NormalizationDimension', 'auto', ...
                                    'StandardDeviation', [], 'Min', [], 'Max', []});
if ~isequal(size(inputSize), [1, 3])
    error('standin:inputSize', 'InputSize must be [h w c].');
end
options.InputSize = double(inputSize);
channels = [1, 1, inputSize(3)];
switch options.Normalization
    case 'none'
        forward = @(inputs) inputs{1};
    case 'zscore'
        standInSize('Mean', options.Mean, channels);
        standInSize('StandardDeviation', options.StandardDeviation, channels);
        forward = @(inputs) normalized(inputs{1}, options);
    otherwise
        error('standin:normalization', ['Normalization ''%s'' would be computed from the ' ...
                                        'training data.'], options.Normalization);
end
layer = standInLayer('ImageInputLayer', options, forward);
end

function X = normalized(X, options)
%NORMALIZED  In single precision, as the toolbox does it.
X.Data = double((single(X.Data) - single(options.Mean)) ./ single(options.StandardDeviation));
end
