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

cifarx.internal.requireArguments(nargin, 2, 'predict');
[step, layers] = options(varargin{:});
if nargout > 1 && ~layers
    error('cifarx:predict:layers', ...
          ['The second output is what every layer gives; ask for it by ' ...
           'cifarx.predict(net, X, ''Layers'', true).']);
end
cifarx.internal.requireNetwork(net, 'predict');
try
    requireImages(net, X);
    if nargout > 1
        [scores, activations] = computed(net, X, step);
    else
        scores = computed(net, X, step);
    end
catch problem
    cifarx.internal.explain(problem, net, 'predict');
end
end

function [scores, activations] = computed(net, X, step)
%COMPUTED  Outputs, and what every layer gives, STEP images at a time.
count = size(X, 4);
scores = zeros(numel(net.classes), count, 'single');
activations = struct('Name', {net.layers.Name}, 'Value', []);
if nargout > 1
    shapes = cifarx.internal.checkLayers(net);
    for i = 1:numel(shapes)
        activations(i).Value = zeros([shapes{i}, count], 'single');
    end
end
for first = 1:step:count
    chosen = first:min(first + step - 1, count);
    part = X(:, :, :, chosen);
    if isa(part, 'uint8')
        part = cifarx.internal.normalize(part, net.input);
    end
    if nargout < 2
        scores(:, chosen) = cifarx.internal.forward(net, part);
        continue
    end
    [scores(:, chosen), values] = cifarx.internal.forward(net, part);
    for i = 1:numel(shapes)
        if numel(shapes{i}) == 3
            activations(i).Value(:, :, :, chosen) = values{i};
        else
            activations(i).Value(:, chosen) = values{i};
        end
    end
end
end

function [step, layers] = options(varargin)
%OPTIONS  Images at a time, and whether every layer's output is wanted.
step = 16;
layers = false;
for i = 1:2:numel(varargin)
    name = cifarx.internal.asChar(varargin{i});
    if ~ischar(name) || ~any(strcmpi(name, {'MiniBatchSize', 'Layers'})) || i == numel(varargin)
        error('cifarx:predict:option', ...
              ['Options are pairs of a name and a value, ''MiniBatchSize'' and ''Layers'', but ' ...
               'argument %d is %s.'], i + 2, cifarx.internal.valueText(name));
    end
    value = varargin{i + 1};
    if strcmpi(name, 'Layers')
        if ~isscalar(value) || ~(islogical(value) || isequal(value, 0) || isequal(value, 1))
            error('cifarx:predict:layers', '''Layers'' must be true or false, but is %s.', ...
                  cifarx.internal.valueText(value));
        end
        layers = logical(value);
    else
        if ~isnumeric(value) || ~isscalar(value) || ~(value >= 1) || value ~= fix(value)
            error('cifarx:predict:miniBatchSize', ...
                  ['''MiniBatchSize'' must be a whole number of 1 or more, the images computed ' ...
                   'at a time, but is %s.'], cifarx.internal.valueText(value));
        end
        step = double(value);
    end
end
end

function requireImages(net, X)
%REQUIREIMAGES  Refuse images of another class or size than the network takes.
if ~isa(X, 'uint8') && ~isa(X, 'single') || ~isreal(X)
    error('cifarx:predict:imageClass', ...
          ['X must be uint8 (pixels 0..255) or single (already normalised), both real, ' ...
           'but is %s. Convert it with uint8(X) or single(X).'], class(X));
end
wanted = double(net.input.InputSize);
found = [size(X, 1), size(X, 2), size(X, 3)];
if ~isequal(found, wanted) || ndims(X) > 4
    error('cifarx:predict:imageSize', ...
          ['The network takes images of %d-by-%d-by-%d (height, width, channels), N of them ' ...
           'along the fourth dimension, but X is %s.'], wanted, cifarx.internal.sizeText(X));
end
if isa(X, 'uint8') && strcmp(net.input.Normalization, 'none')
    error('cifarx:predict:normalization', ...
          ['X is uint8 (pixels), but the file of this network does not say how pixels ' ...
           'are normalised. Give the images as the network was trained on them, in single.']);
end
end
