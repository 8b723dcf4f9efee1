function [scores, activations] = predict(net, X, varargin)
%PREDICT  Compute the network's outputs for images.
%
%   SCORES = CIFARX.PREDICT(NET, X) runs NET, as returned by CIFARX.LOAD, on the
%   H-by-W-by-C-by-N array X and returns the K-by-N single array of the
%   outputs (logits). X of class uint8 holds pixels 0..255, which are normalised
%   with NET.input (where NET.input.Normalization is 'none', the file does not say
%   how, and pixels are refused); X of class single is taken as it is, already
%   normalised.
%
%   SCORES = CIFARX.PREDICT(NET, X, 'MiniBatchSize', M) computes M images at a
%   time (default 16). Memory grows with M, not with N.
%
%   [SCORES, ACTIVATIONS] = CIFARX.PREDICT(NET, X, 'Layers', true) also returns what every
%   layer gives, a 1-by-L structure array in the order of NET.layers with the fields
%
%     Name    the layer's name
%     Value   H'-by-W'-by-C'-by-N single (maps) or F-by-N single (features)
%
%   which is all of it in memory: choose N accordingly.
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
          ['The second output is what every layer gives; ask for it by ' ...
           'cifarx.predict(net, X, ''Layers'', true).']);
end
if nargout > 1
    [scores, activations] = cifarx.internal.compute(net, X, options.MiniBatchSize, 'predict');
else
    scores = cifarx.internal.compute(net, X, options.MiniBatchSize, 'predict');
end
end
