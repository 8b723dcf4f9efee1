function layer = maxPooling2dLayer(poolSize, varargin)
%MAXPOOLING2DLAYER  Stand-in for the toolbox's constructor; Stride is 1 unless given.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.maxpooling2dlayer.html
options = standInOptions(varargin, {'Stride', 1, 'Padding', 0, 'HasUnpoolingOutputs', false});

options.PoolSize = standInSteps('PoolSize', poolSize, 1);
options.Stride = standInSteps('Stride', options.Stride, 1);
options.PaddingSize = standInEdges('Padding', options.Padding);
if any(options.PaddingSize >= options.PoolSize([1 1 2 2]))
    error('standin:padding', 'Padding must be less than the pooling region.');
end

layer = standInLayer('MaxPooling2DLayer', options, @(inputs) forward(inputs{1}, options));
end

function X = forward(X, options)
X.Data = standInPooled(X.Data, options, @(seen) max(seen, [], 1));
end
