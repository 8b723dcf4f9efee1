function [scores, activations] = compute(net, X, step, caller)
%COMPUTE  Compute the outputs of a network, one mini-batch at a time.
%
%   SCORES = CIFARX.INTERNAL.COMPUTE(NET, X, STEP, CALLER) returns the K-by-N single outputs of NET
%   for X, H-by-W-by-C-by-N uint8 pixels or single inputs, STEP images at a time. Errors carry the
%   name of the public function CALLER.
%
%   [SCORES, ACTIVATIONS] = CIFARX.INTERNAL.COMPUTE(...) also returns the output of each layer, as
%   described in CIFARX.PREDICT.

if ~isnumeric(step) || ~isscalar(step) || ~(step >= 1) || step ~= fix(step)
    error(['cifarx:' caller ':miniBatchSize'], ...
          ['''MiniBatchSize'' must be a whole number of 1 or more, the number of images ' ...
           'computed at a time, but is %s.'], cifarx.internal.message.valueText(step));
end
cifarx.internal.check.requireNetwork(net, caller);
try
    requireImages(net, X, caller);
    if nargout > 1
        [scores, activations] = computed(net, X, double(step));
    else
        scores = computed(net, X, double(step));
    end
    if ~all(isfinite(scores(:)))
        cifarx.internal.check.checkNetwork(net);  % refuses NaN in weights; in images it is allowed
    end
catch problem
    cifarx.internal.message.explain(problem, net, caller);
end
end

function [scores, activations] = computed(net, X, step)
%COMPUTED  Outputs of the network and of each layer, STEP images at a time.
count = size(X, 4);
scores = zeros(numel(net.classes), count, 'single');
activations = struct('Name', {net.layers.Name}, 'Value', []);
if nargout > 1
    shapes = cifarx.internal.check.checkLayers(net);
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

function requireImages(net, X, caller)
%REQUIREIMAGES  Refuse images whose class or size does not fit the network.
if ~isa(X, 'uint8') && ~isa(X, 'single') || ~isreal(X)
    advice = 'Convert pixels 0..255 with uint8(X), normalized images with single(X).';
    if ~isnumeric(X)
        advice = 'Read an image file with imread, as in X = imread(''cat.png'').';
    end
    error(['cifarx:' caller ':imageClass'], ...
          ['X must be real uint8 (pixels 0..255) or real single (already normalized), but ' ...
           'is %s. %s'], cifarx.internal.message.classText(X), advice);
end
wanted = double(net.input.InputSize);
found = [size(X, 1), size(X, 2), size(X, 3)];
if ~isequal(found, wanted) || ndims(X) > 4
    advice = '';
    if found(3) == 1 && wanted(3) == 3 && ndims(X) <= 4
        advice = ' Give a gray image three channels with repmat(X, [1 1 3]).';
    end
    error(['cifarx:' caller ':imageSize'], ...
          ['The network takes images of %d-by-%d-by-%d (height, width, channels), stacked ' ...
           'along the fourth dimension, but X is %s.%s'], wanted, ...
          cifarx.internal.message.sizeText(X), advice);
end
if isa(X, 'uint8') && strcmp(net.input.Normalization, 'none')
    error(['cifarx:' caller ':normalization'], ...
          ['X is uint8 (pixels), but the file of this network does not state how pixels are ' ...
           'normalized. Pass normalized images of class single instead.']);
end
end
