function [labels, scores] = classify(net, X, varargin)
%CLASSIFY  Classify images.
%
%   LABELS = CIFARX.CLASSIFY(NET, X) returns the name of the class with the highest score for
%   each image in X.
%
%   [LABELS, SCORES] = CIFARX.CLASSIFY(NET, X) also returns the scores of all classes.
%
%   CIFARX.CLASSIFY(NET, X, 'MiniBatchSize', M) computes M images at a time.
%
%   Input arguments:
%     NET              network returned by CIFARX.LOAD
%     X                images, H-by-W-by-C-by-N, uint8 pixels or normalized single, as for
%                      CIFARX.PREDICT
%
%   Name-value argument:
%     'MiniBatchSize'  number of images computed at a time, default 16
%
%   Output arguments:
%     LABELS           N-by-1 cell array of class names. If several classes share the highest
%                      score, the first one is returned. If the outputs contain NaN, the name
%                      is ''.
%     SCORES           N-by-K single, one row per image and one column per class, as for
%                      classify of Deep Learning Toolbox (CIFARX.PREDICT returns one column per
%                      image). Each row sums to 1: it is the output of the network's softmax
%                      layer if that is the last layer, otherwise the softmax of the outputs.
%                      Rows of images whose outputs contain NaN are NaN.
%
%   Example:
%      net = cifarx.load('model.mat');
%      [labels, scores] = cifarx.classify(net, net.test.images(:, :, :, 1:4));
%      labels{1}
%
%   See also cifarx.load, cifarx.predict, cifarx.summary.

cifarx.internal.check.requireArguments(nargin, 2, 'classify');
options = struct('MiniBatchSize', 16);
options = cifarx.internal.nameValues(varargin, options, 'classify', 2);
scores = cifarx.internal.compute(net, X, options.MiniBatchSize, 'classify');
last = net.layers(strcmp(net.outputs, {net.layers.Name}));
if ~strcmp(last.Kind, 'SoftmaxLayer')
    scores = cifarx.layer.softmax(scores);
end
scores = scores.';
[~, best] = max(scores, [], 2);
labels = reshape(net.classes(best), [], 1);
labels(any(isnan(scores), 2)) = {''};
end
