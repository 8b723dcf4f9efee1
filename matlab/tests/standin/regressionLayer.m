function layer = regressionLayer(varargin)
%REGRESSIONLAYER  Stand-in for the output layer that trainNetwork wants for numbers.
% https://www.mathworks.com/help/deeplearning/ref/regressionlayer.html
options = standInOptions(varargin, {'ResponseNames', {}});
layer = standInLayer('RegressionOutputLayer', options, @(inputs) inputs{1});
end
