function layer = pixelClassificationLayer(varargin)
%PIXELCLASSIFICATIONLAYER  Stand-in for the output layer that trainNetwork wants for pixels.
% https://www.mathworks.com/help/vision/ref/nnet.cnn.layer.pixelclassificationlayer.html
options = standInOptions(varargin, {'Classes', 'auto', 'ClassWeights', 'none'});
layer = standInLayer('PixelClassificationLayer', options, @(inputs) inputs{1});
end
