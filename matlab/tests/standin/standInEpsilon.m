function standInEpsilon(epsilon)
%STANDINEPSILON  Refuse an Epsilon that the release does not take.
%
%   "Before R2023a: Epsilon must be greater than or equal to 1e-5", on the pages of
%   batchNormalizationLayer, layerNormalizationLayer and so on.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.layernormalizationlayer.html
least = realmin;
if ~standInSince('R2023a')
    least = 1e-5;
end
standInNumber('Epsilon', epsilon, least, Inf);
end
