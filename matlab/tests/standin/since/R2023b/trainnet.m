function dlnet = trainnet(varargin)
%TRAINNET  Stand-in for training on arrays of inputs and targets, or a datastore.
% https://www.mathworks.com/help/deeplearning/ref/trainnet.html
[inputs, targets, dlnet, options] = standInData(varargin([1:end - 2, end]));
loss = varargin{end - 1};
if ~isa(loss, 'function_handle') && ~strcmp(loss, 'crossentropy')
    error('standin:loss', 'This stand-in knows ''crossentropy'' and functions of mse only.');
end
dlnet = standInTrained(inputs, targets, dlnet, options, loss);
end
