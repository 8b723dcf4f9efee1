function layer = functionLayer(fun, varargin)
%FUNCTIONLAYER  Stand-in for the toolbox's constructor (R2021b); unformatted inputs by default.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.functionlayer.html
options = standInOptions(varargin, {'Formattable', false, 'NumInputs', 1, 'NumOutputs', 1, ...
                                    'Acceleratable', false, 'Description', ''});
if ~isa(fun, 'function_handle')
    error('standin:function', 'The function must be a function handle.');
end
standInNumber('NumInputs', options.NumInputs, 1, Inf);
options.PredictFcn = fun;
apply = @plain;
if isequal(options.Formattable, true)
    apply = @labeled;
end
layer = standInLayer('FunctionLayer', options, @(inputs) apply(inputs, fun), options.NumInputs);
end

function X = plain(inputs, fun)
X = inputs{1};
data = cellfun(@(input) input.Data, inputs, 'UniformOutput', false);
X.Data = fun(data{:});
end

function Y = labeled(inputs, fun)
X = inputs{1};
Y = fun(rmfield(X, setdiff(fieldnames(X), {'Data', 'Format', 'StandInClass'})));
if ~strcmp(class(Y), 'dlarray') || isempty(Y.Format) %#ok<STISA>
    error('standin:function', 'The function must return a labeled dlarray.');
end
if isfield(X, 'ByTrainNetwork')
    Y.ByTrainNetwork = true;
end
end
