function layer = functionLayer(fun, varargin)
%FUNCTIONLAYER  Stand-in for the toolbox's constructor; a function of labeled arrays (R2021b).
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.functionlayer.html
options = standInOptions(varargin, {'Formattable', false, 'NumInputs', 1, 'NumOutputs', 1, ...
                                    'Acceleratable', false, 'Description', ''});
if ~isa(fun, 'function_handle') || ~isequal(options.Formattable, true)
    error('standin:function', 'This stand-in knows functions of labeled arrays only.');
end
layer = standInLayer('FunctionLayer', options, @(inputs) forward(inputs{1}, fun));
end

function Y = forward(X, fun)
Y = fun(rmfield(X, setdiff(fieldnames(X), {'Data', 'Format', 'StandInClass'})));
if ~strcmp(class(Y), 'dlarray') || isempty(Y.Format) %#ok<STISA>
    error('standin:function', 'The function must return a labeled dlarray.');
end
if isfield(X, 'ByTrainNetwork')
    Y.ByTrainNetwork = true;
end
end
