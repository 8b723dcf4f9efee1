function [scores, activations] = predict(net, X, varargin)
%PREDICT  Compute the outputs of a network for images.
%
%   SCORES = CIFARX.PREDICT(NET, X) computes the outputs (logits) of the network NET for the
%   images X.
%
%   SCORES = CIFARX.PREDICT(NET, X, NAME, VALUE) also sets options.
%
%   [SCORES, ACTIVATIONS] = CIFARX.PREDICT(NET, X, 'Layers', true) also returns the output of
%   each layer.
%
%   Input arguments:
%     NET              network returned by CIFARX.LOAD
%     X                images, H-by-W-by-C-by-N. Class uint8: pixels 0..255, which are normalized
%                      as NET.input states; refused if NET.input.Normalization is 'none'. Class
%                      single: images that are already normalized.
%
%   Name-value arguments:
%     'MiniBatchSize'  number of images computed at a time, default 16. Memory use grows with
%                      this number, not with N.
%     'Layers'         true to return ACTIVATIONS, default false
%
%   Output arguments:
%     SCORES           K-by-N single, one column per image
%     ACTIVATIONS      1-by-L structure array in the order of NET.layers: Name, and Value,
%                      H'-by-W'-by-C'-by-N single (maps) or F-by-N single (features). All
%                      activations are held in memory, so choose N accordingly.
%
%   Example:
%      net = cifarx.load('model.mat');
%      scores = cifarx.predict(net, net.test.images);
%      [~, label] = max(scores, [], 1);
%      net.classes(label(1))
%      [~, activations] = cifarx.predict(net, net.test.images(:, :, :, 1), 'Layers', true);
%      size(activations(1).Value)
%
%   See also cifarx.load, cifarx.classify, cifarx.summary, cifarx.verify.

cifarx.internal.check.requireArguments(nargin, 2, 'predict');
options = struct('MiniBatchSize', 16, 'Layers', false);
options = cifarx.internal.nameValues(varargin, options, 'predict', 2);
wanted = options.Layers;
if ~isscalar(wanted) || ~(islogical(wanted) || isequal(wanted, 0) || isequal(wanted, 1))
    error('cifarx:predict:layers', '''Layers'' must be true or false, but is %s.', ...
          cifarx.internal.message.valueText(wanted));
end
if nargout > 1 && ~wanted
    error('cifarx:predict:layers', ...
          ['The second output, the activations, needs the option ''Layers'': ' ...
           '[scores, activations] = cifarx.predict(net, X, ''Layers'', true).']);
end
if nargout > 1
    [scores, activations] = cifarx.internal.compute(net, X, options.MiniBatchSize, 'predict');
else
    scores = cifarx.internal.compute(net, X, options.MiniBatchSize, 'predict');
end
end
