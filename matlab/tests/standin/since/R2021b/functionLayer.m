function layer = functionLayer(fun, varargin)
%FUNCTIONLAYER  Stand-in for the toolbox's constructor (R2021b); unformatted inputs by default.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.functionlayer.html
options = standInOptions(varargin, {'NumInputs', 1});
if ~isa(fun, 'function_handle')
    error('standin:function', 'The function must be a function handle.');
end
standInNumber('NumInputs', options.NumInputs, 1, Inf);
options.PredictFcn = fun;
layer = standInLayer('FunctionLayer', options, @(inputs) forward(inputs, fun), ...
                     options.NumInputs);
end

function X = forward(inputs, fun)
X = inputs{1};
data = cellfun(@(input) input.Data, inputs, 'UniformOutput', false);
X.Data = fun(data{:});
end
