function dlnet = trainnet(images, targets, dlnet, lossFcn, options)
%TRAINNET  Stand-in for training on arrays of images and categorical targets.
% https://www.mathworks.com/help/deeplearning/ref/trainnet.html
if ~strcmp(lossFcn, 'crossentropy')
    error('standin:loss', 'This stand-in knows ''crossentropy'' only.');
end
dlnet = standInTrained(images, targets, dlnet, options);
end
