function layer = layerNormalizationLayer(varargin)
%LAYERNORMALIZATIONLAYER  Stand-in for the toolbox's constructor; OperationDimension since R2023a.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.layernormalizationlayer.html
documented = {'Epsilon', 1e-5, 'Scale', [], 'Offset', [], 'ScaleLearnRateFactor', 1, ...
              'OffsetLearnRateFactor', 1};
if standInSince('R2023a')
    documented = [documented, {'OperationDimension', 'auto'}];
end
options = standInOptions(varargin, documented);
if ~standInSince('R2023a')
    options.OperationDimension = 'auto';
end
standInEpsilon(options.Epsilon);
known = {'auto', 'channel-only', 'spatial-channel', 'batch-excluded'};
if ~ismember(options.OperationDimension, known)
    error('standin:operationDimension', 'OperationDimension must be one of %s.', ...
          strjoin(known, ', '));
end
layer = standInLayer('LayerNormalizationLayer', options, ...
                     @(inputs) forward(inputs{1}, options));
end

function X = forward(X, options)
%FORWARD  Maps are normalized over channels and pixels, unless 'channel-only' is set.
for n = 1:size(X.Data, 4)
    if strcmp(X.Format, 'CB')
        for k = 1:size(X.Data, 2)
            X.Data(:, k) = standInNormalized(X.Data(:, k), options);
        end
    elseif strcmp(options.OperationDimension, 'channel-only')
        for i = 1:size(X.Data, 1)
            for j = 1:size(X.Data, 2)
                X.Data(i, j, :, n) = standInNormalized(X.Data(i, j, :, n), options);
            end
        end
    else
        X.Data(:, :, :, n) = standInNormalized(X.Data(:, :, :, n), options);
    end
end
X = standInAffine(X, options);
end
