function layer = averagePooling2dLayer(poolSize, varargin)
%AVERAGEPOOLING2DLAYER  Stand-in for the toolbox's constructor; padding counts as zeros, or not.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.averagepooling2dlayer.html
% mathworks.com/help/releases/R2021a/deeplearning/ref/nnet.cnn.layer.averagepooling2dlayer.html
documented = {'Stride', 1, 'Padding', 0};
if standInSince('R2021b')  % the page of R2021a does not have it
    documented = [documented, {'PaddingValue', 0}];
end
options = standInOptions(varargin, documented);
if ~standInSince('R2021b')
    options.PaddingValue = 0;
    options.Missing = {'PaddingValue'};
end

options.PoolSize = standInSteps('PoolSize', poolSize, 1);
options.Stride = standInSteps('Stride', options.Stride, 1);
options.PaddingSize = standInEdges('Padding', options.Padding);
if any(options.PaddingSize >= options.PoolSize([1 1 2 2]))
    error('standin:padding', 'Padding must be less than the pooling region.');
end

if isequal(options.PaddingValue, 0)
    pool = @(seen) sum(seen, 1) / prod(options.PoolSize);
elseif isequal(options.PaddingValue, 'mean')
    pool = @(seen) mean(seen, 1);
else
    error('standin:paddingValue', 'PaddingValue must be 0 or ''mean''.');
end
layer = standInLayer('AveragePooling2DLayer', options, ...
                     @(inputs) forward(inputs{1}, options, pool));
end

function X = forward(X, options, pool)
X.Data = standInPooled(X.Data, options, pool);
end
