function layer = scalingLayer(varargin)
%SCALINGLAYER  Stand-in for the constructor of Reinforcement Learning Toolbox: Scale and Bias.
% https://www.mathworks.com/help/reinforcement-learning/ref/rl.layer.scalinglayer.html
options = standInOptions(varargin, {'Scale', 1, 'Bias', 0});
if ~isscalar(options.Scale) && ~isscalar(options.Bias)
    standInSize('Bias', options.Bias, size(options.Scale));
end
options.Offset = options.Bias;
layer = standInLayer('ScalingLayer', options, @(inputs) forward(inputs{1}, options));
layer.StandInClass = 'rl.layer.ScalingLayer';
end

function X = forward(X, options)
X.Data = double(options.Scale) .* X.Data + double(options.Bias);
end
