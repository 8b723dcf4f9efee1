function scores = predict(net, X, varargin)
%PREDICT  Compute the network's outputs for images.
%
%   SCORES = CIFARX.PREDICT(NET, X) runs NET, as returned by CIFARX.LOAD, on the
%   H-by-W-by-C-by-N array X and returns the K-by-N single array of the
%   outputs (logits). X of class uint8 holds pixels 0..255, which are normalised
%   with NET.input; X of class single is taken as it is, already normalised.
%
%   SCORES = CIFARX.PREDICT(NET, X, 'MiniBatchSize', M) computes M images at a
%   time (default 16). Memory grows with M, not with N.
%
%   Example:
%      net = cifarx.load('model.mat');
%      scores = cifarx.predict(net, net.test.images);
%      [~, label] = max(scores, [], 1);
%      net.classes(label(1))
%
%   See also cifarx.load, cifarx.verify.

parser = inputParser();
parser.FunctionName = 'cifarx.predict';
parser.addParameter('MiniBatchSize', 16, ...
                    @(m) isnumeric(m) && isscalar(m) && m >= 1 && m == fix(m));
parser.parse(varargin{:});
step = double(parser.Results.MiniBatchSize);

wanted = double(net.input.InputSize);
found = [size(X, 1), size(X, 2), size(X, 3)];
if ~isequal(found, wanted) || ndims(X) > 4
    error('cifarx:predict:imageSize', ...
          ['The network takes images of %d-by-%d-by-%d (height, width, channels), ' ...
           'but X is %s.'], wanted, strjoin(strsplit(num2str(size(X))), '-by-'));
end
if ~isa(X, 'uint8') && ~isa(X, 'single')
    error('cifarx:predict:imageClass', ...
          ['X must be uint8 (pixels 0..255) or single (already normalised), ' ...
           'but is %s. Convert it with uint8(X) or single(X).'], class(X));
end

[inputs, lastUse] = wiring(net);
count = size(X, 4);
scores = zeros(numel(net.classes), count, 'single');
for first = 1:step:count
    chosen = first:min(first + step - 1, count);
    part = X(:, :, :, chosen);
    if isa(part, 'uint8')
        part = cifarx.internal.normalize(part, net.input);
    end
    scores(:, chosen) = forward(net, part, inputs, lastUse);
end
end

function Y = forward(net, X, inputs, lastUse)
%FORWARD  Run all layers on one mini-batch; values{1} is the input.
values = {X};
for i = 1:numel(net.layers)
    values{i + 1} = cifarx.internal.applyLayer(net.layers(i), values(inputs{i}));
    done = inputs{i}(lastUse(inputs{i}) == i);
    values(done) = {[]};  % free what no later layer reads
end
Y = values{lastUse == Inf};
end

function [inputs, lastUse] = wiring(net)
%WIRING  Positions of each layer's inputs, and who reads each value last.
names = [{net.input.Name}, {net.layers.Name}];
inputs = cell(1, numel(net.layers));
lastUse = zeros(1, numel(names));
for i = 1:numel(net.layers)
    [known, position] = ismember(net.layers(i).Inputs, names(1:i));
    if ~all(known)
        error('cifarx:predict:unknownInput', ...
              'Layer ''%s'' reads ''%s'', which no layer before it gives.', ...
              net.layers(i).Name, net.layers(i).Inputs{find(~known, 1)});
    end
    inputs{i} = position(:).';
    lastUse(inputs{i}) = i;
end
output = ismember(names, net.outputs);
if sum(output) ~= 1
    error('cifarx:predict:output', ...
          'The network must have one output, but %d layers are called so.', sum(output));
end
lastUse(output) = Inf;
end
