function [labels, scores] = classify(net, varargin)
%CLASSIFY  Classify images, signals or pixels.
%
%   LABELS = CIFARX.CLASSIFY(NET, X) returns the class with the highest score for each observation
%   in X, or for each pixel if NET is a segmentation.
%
%   LABELS = CIFARX.CLASSIFY(NET, X1, ..., XI) does so for a network with I inputs.
%
%   [LABELS, SCORES] = CIFARX.CLASSIFY(...) also returns the scores of all classes.
%
%   CIFARX.CLASSIFY(..., 'MiniBatchSize', M) computes M observations at a time.
%
%   Input arguments:
%     NET              network returned by CIFARX.LOAD whose task is 'classification' or
%                      'segmentation'; a regression is refused
%     X1, ..., XI      arrays as for CIFARX.PREDICT, such as images, H-by-W-by-C-by-N, uint8 pixels
%                      or normalized single
%
%   Name-value argument:
%     'MiniBatchSize'  number of observations computed at a time, default 16
%
%   Output arguments, for a classification:
%     LABELS           N-by-1 cell array of class names. If several classes share the highest
%                      score, the first one is returned. If the outputs contain NaN, the name
%                      is ''.
%     SCORES           N-by-K single, one row per image and one column per class, as for
%                      classify of Deep Learning Toolbox (CIFARX.PREDICT returns one column per
%                      image). Each row sums to 1: it is the output of the network's softmax
%                      layer if that is the last layer, otherwise the softmax of the outputs.
%                      Rows of images whose outputs contain NaN are NaN.
%
%   Output arguments, for a segmentation:
%     LABELS           H-by-W-by-N double, the class number of each pixel, from 1, in the order of
%                      NET.classes; 0 where the outputs contain NaN
%     SCORES           H-by-W-by-K-by-N single; those of one pixel sum to 1
%
%   Example:
%      net = cifarx.load('model.mat');
%      [labels, scores] = cifarx.classify(net, net.test.inputs);
%
%   See also cifarx.load, cifarx.predict, cifarx.summary.

cifarx.internal.check.requireArguments(nargin, 2, 'classify');
cifarx.internal.check.requireNetwork(net, 'classify');
if strcmp(net.task, 'regression')
    error('cifarx:classify:task', ...
          ['The task of this network is ''regression'': its outputs are numbers without ' ...
           'classes. Use cifarx.predict(net, %s).'], strjoin({net.inputs.Name}, ', '));
end
if numel(net.outputs) ~= 1 || ~isequal(net.outputs.Size(end), numel(net.classes))
    problem = struct('identifier', '', 'message', 'The classes do not fit the output.');
    cifarx.internal.message.explain(problem, net, 'classify');
end
[inputs, given] = cifarx.internal.interface.inputsAndOptions(net, varargin, 'classify');
options = struct('MiniBatchSize', 16);
options = cifarx.internal.nameValues(given, options, 'classify', 1 + numel(inputs));
outputs = cifarx.internal.compute(net, inputs, options.MiniBatchSize, 'classify');
scores = outputs{1};
last = net.layers(strcmp(net.outputs.Layer, {net.layers.Name}));
if ~strcmp(last.Kind, 'SoftmaxLayer')
    scores = softmaxOf(scores, net.task);
end
if strcmp(net.task, 'segmentation')
    [~, labels] = max(scores, [], 3);
    labels(any(isnan(scores), 3)) = 0;
    labels = reshape(labels, size(scores, 1), size(scores, 2), size(scores, 4));
    return
end
scores = scores.';
[~, best] = max(scores, [], 2);
labels = reshape(net.classes(best), [], 1);
labels(any(isnan(scores), 2)) = {''};
end

function scores = softmaxOf(outputs, task)
%SOFTMAXOF  Scores of the classes of each observation, or of each pixel.
if strcmp(task, 'classification')
    scores = cifarx.layer.softmax(outputs);
    return
end
[height, width, classes, count] = size(outputs);
scores = reshape(permute(outputs, [3 1 2 4]), classes, []);  % pixels as columns of features
scores = cifarx.layer.softmax(scores);
scores = permute(reshape(scores, classes, height, width, count), [2 3 1 4]);
end
