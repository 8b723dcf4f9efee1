function Y = softmax(X)
%SOFTMAX  Exponentials, normalized to a sum of one over the channels.
%
%   Y = CIFARX.LAYER.SOFTMAX(X) is exp(X) ./ sum(exp(X)) over the channels of maps, H-by-W-by-C-by-N
%   single, or of features, C-by-N single. The largest value is subtracted first to avoid overflow.
%   Maps of one image and one channel (H-by-W) cannot be told from features and are treated as
%   features.

dim = 3;
if ndims(X) == 2 %#ok<ISMAT>
    dim = 1;
end
Y = exp(X - max(X, [], dim));
Y = Y ./ single(sum(Y, dim, 'double'));
end
