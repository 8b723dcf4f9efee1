function varargout = predict(net, varargin)
%PREDICT  Compute the outputs of a network.
%
%   Y = CIFARX.PREDICT(NET, X) computes the output of the network NET for X. For a classifier of
%   images, X are images and Y the outputs (logits), K-by-N.
%
%   [Y1, ..., YO] = CIFARX.PREDICT(NET, X1, ..., XI) computes all outputs of a network with I inputs
%   and O outputs, in the order of NET.inputs and NET.outputs.
%
%   [...] = CIFARX.PREDICT(..., NAME, VALUE) also sets options.
%
%   [Y1, ..., YO, ACTIVATIONS] = CIFARX.PREDICT(..., 'Layers', true) also returns the output of each
%   layer.
%
%   Input arguments:
%     NET              network returned by CIFARX.LOAD
%     X1, ..., XI      one array per input, in the layout that NET.inputs(i).Format tells:
%                        'SSCB'  images, H-by-W-by-C-by-N. Class uint8: pixels 0..255, which are
%                                normalized as NET.inputs(i) states; refused if its Normalization
%                                is 'none'. Class single: images that are already normalized.
%                        'SCB'   signals, L-by-C-by-N single (length, channels)
%                        'CB'    features, F-by-N single, one column per observation
%                      Dimensions of length 1 at the end may be left out. N is the same for all.
%
%   Name-value arguments:
%     'MiniBatchSize'  number of observations computed at a time, default 16. Memory use grows
%                      with this number, not with N.
%     'Layers'         true to return ACTIVATIONS, default false
%
%   Output arguments:
%     Y1, ..., YO      one single array per output, NET.outputs(o).Size by N: maps
%                      H-by-W-by-C-by-N, signals L-by-C-by-N, vectors F-by-N; a number per
%                      observation is 1-by-N
%     ACTIVATIONS      1-by-L structure array in the order of NET.layers: Name, and Value,
%                      H'-by-W'-by-C'-by-N single (maps) or F-by-N single (features). A signal is
%                      carried as maps of one row. All activations are held in memory, so choose
%                      N accordingly.
%
%   Example:
%      net = cifarx.load('model.mat');
%      Y = cifarx.predict(net, net.test.inputs);
%      size(Y)
%      [~, activations] = cifarx.predict(net, net.test.inputs, 'Layers', true);
%      size(activations(1).Value)
%
%   See also cifarx.load, cifarx.classify, cifarx.summary, cifarx.verify.

cifarx.internal.check.requireArguments(nargin, 2, 'predict');
cifarx.internal.check.requireNetwork(net, 'predict');
[inputs, given] = cifarx.internal.interface.inputsAndOptions(net, varargin, 'predict');
options = struct('MiniBatchSize', 16, 'Layers', false);
options = cifarx.internal.nameValues(given, options, 'predict', 1 + numel(inputs));
wanted = options.Layers;
if ~isscalar(wanted) || ~(islogical(wanted) || isequal(wanted, 0) || isequal(wanted, 1))
    error('cifarx:predict:layers', '''Layers'' must be true or false, but is %s.', ...
          cifarx.internal.message.valueText(wanted));
end
count = numel(net.outputs);
if nargout > count && ~wanted
    error('cifarx:predict:layers', ...
          ['One more output than the %d of the network, the activations, needs the option ' ...
           '''Layers'': [%s, activations] = cifarx.predict(net, %s, ''Layers'', true).'], count, ...
          strjoin({net.outputs.Name}, ', '), strjoin({net.inputs.Name}, ', '));
elseif nargout > count + 1
    error('cifarx:predict:outputs', ...
          'cifarx.predict returns the %d outputs %s and the activations, not %d arrays.', count, ...
          strjoin({net.outputs.Name}, ', '), nargout);
end
if nargout > count
    [outputs, activations] = cifarx.internal.compute(net, inputs, options.MiniBatchSize, 'predict');
    varargout = [outputs, {activations}];
else
    varargout = cifarx.internal.compute(net, inputs, options.MiniBatchSize, 'predict');
end
end
