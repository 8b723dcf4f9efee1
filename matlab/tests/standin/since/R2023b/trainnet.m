function dlnet = trainnet(varargin)
%TRAINNET  Stand-in for training on arrays of images and categorical targets, or a datastore.
% https://www.mathworks.com/help/deeplearning/ref/trainnet.html
[images, targets, dlnet, options] = standInData(varargin([1:end - 2, end]));
if ~strcmp(varargin{end - 1}, 'crossentropy')
    error('standin:loss', 'This stand-in knows ''crossentropy'' only.');
end
dlnet = standInTrained(images, targets, dlnet, options);
end
