function layer = geluLayer(varargin)
%GELULAYER  Stand-in for the toolbox's constructor; Approximation 'none' or 'tanh' (R2022b).
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.gelulayer.html
options = standInOptions(varargin, {'Approximation', 'none'});
switch options.Approximation
    case 'none'
        curve = @(x) erf(x / sqrt(2));
    case 'tanh'
        curve = @(x) tanh(sqrt(2 / pi) * (x + 0.044715 * x.^3));
    otherwise
        error('standin:approximation', 'Approximation must be ''none'' or ''tanh''.');
end
layer = standInLayer('GELULayer', options, @(inputs) forward(inputs{1}, curve));
end

function X = forward(X, curve)
X.Data = X.Data / 2 .* (1 + curve(X.Data));
end
