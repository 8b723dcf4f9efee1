function data = imageDatastore(files, varargin)
%IMAGEDATASTORE  Stand-in: files with labels, and the function that reads one.
% https://www.mathworks.com/help/matlab/ref/matlab.io.datastore.imagedatastore.html
options = standInOptions([varargin, {'Name', 'data'}], {'Labels', {}, 'ReadFcn', @imread});
data = matlab.io.datastore.ImageDatastore(files, options.Labels, options.ReadFcn);
end
