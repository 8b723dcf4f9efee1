function X = standInFeatures(X)
%STANDINFEATURES  CB, or maps of one pixel while trainNetwork trains.
%
%   trainNetwork keeps the output of a fully connected layer 1-by-1-by-C-by-N, as DAGNetwork does.
% https://www.mathworks.com/help/releases/R2021a/deeplearning/ref/trainnetwork.html
if isfield(X, 'ByTrainNetwork')
    X.Data = reshape(X.Data, 1, 1, size(X.Data, 1), []);
    X.Format = 'SSCB';
end
end
