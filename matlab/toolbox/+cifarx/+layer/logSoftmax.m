function Y = logSoftmax(X)
%LOGSOFTMAX  Logarithm of softmax over the channels.
%
%   Y = CIFARX.LAYER.LOGSOFTMAX(X) is X - log(sum(exp(X))) over the channels of maps,
%   H-by-W-by-C-by-N single, or of features, C-by-N single. The largest value is subtracted first to
%   avoid overflow. Maps of one image and one channel (H-by-W) cannot be told from features and are
%   treated as features.

dim = 3;
if ndims(X) == 2 %#ok<ISMAT>
    dim = 1;
end
Y = X - max(X, [], dim);
Y = Y - single(log(sum(exp(Y), dim, 'double')));
end
