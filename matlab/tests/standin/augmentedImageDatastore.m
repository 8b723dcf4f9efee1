function data = augmentedImageDatastore(outputSize, images, varargin)
%AUGMENTEDIMAGEDATASTORE  Stand-in: an imageDatastore whose images are resized when read.
% https://www.mathworks.com/help/deeplearning/ref/augmentedimagedatastore.html
options = standInOptions([varargin, {'Name', 'data'}], {'ColorPreprocessing', 'none'});
known = {'none', 'gray2rgb', 'rgb2gray'};
if ~isequal(size(outputSize), [1 2]) || ~ismember(options.ColorPreprocessing, known)
    error('standin:augmented', 'OutputSize must be [h w], ColorPreprocessing one of %s.', ...
          strjoin(known, ', '));
end
data = struct('StandInClass', 'augmentedImageDatastore', 'OutputSize', outputSize, ...
              'Images', images, 'ColorPreprocessing', options.ColorPreprocessing);
end
