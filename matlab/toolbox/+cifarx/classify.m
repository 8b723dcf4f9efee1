function [labels, scores] = classify(net, X, varargin)
%CLASSIFY  Name the class of each image.
%
%   LABELS = CIFARX.CLASSIFY(NET, X) gives for the images X, H-by-W-by-C-by-N uint8
%   pixels or single inputs as for CIFARX.PREDICT, the N-by-1 cell array of the names of
%   the classes with the highest scores, the first one where several are highest.
%
%   [LABELS, SCORES] = CIFARX.CLASSIFY(NET, X) also gives the N-by-K single array of
%   scores, a row an image and a column a class of NET.classes, as the Deep Learning
%   Toolbox's classify does (CIFARX.PREDICT has an image a column). Each row sums to
%   one: where the network's last layer is a SoftmaxLayer they are its output, else the
%   softmax of its output, exp(x) ./ sum(exp(x)).
%
%   CIFARX.CLASSIFY(NET, X, 'MiniBatchSize', M) computes M images at a time.
%
%   An image for which the network gives NaN has no class: its label is '' and its scores
%   are NaN. A NaN in the image is kept through all layers, as in PyTorch.
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
