function [outputs, activations] = compute(net, inputs, step, caller)
%COMPUTE  Compute the outputs of a network, one mini-batch at a time.
%
%   OUTPUTS = CIFARX.INTERNAL.COMPUTE(NET, INPUTS, STEP, CALLER) returns a 1-by-O cell array with
%   the single outputs of NET in their natural layout, for the 1-by-I cell array INPUTS of arrays as
%   CIFARX.PREDICT takes them, STEP observations at a time. Errors carry the name of the public
%   function CALLER.
%
%   [OUTPUTS, ACTIVATIONS] = CIFARX.INTERNAL.COMPUTE(...) also returns the output of each layer, as
%   described in CIFARX.PREDICT.

if ~isnumeric(step) || ~isscalar(step) || ~(step >= 1) || step ~= fix(step)
    error(['cifarx:' caller ':miniBatchSize'], ...
          ['''MiniBatchSize'' must be a whole number of 1 or more, the number of images ' ...
           'computed at a time, but is %s.'], cifarx.internal.message.valueText(step));
end
cifarx.internal.check.requireNetwork(net, caller);
try
    count = cifarx.internal.interface.requireInputs(net, inputs, caller);
    if nargout > 1
        [outputs, activations] = computed(net, inputs, count, double(step));
    else
        outputs = computed(net, inputs, count, double(step));
    end
    if ~all(cellfun(@(Y) all(isfinite(Y(:))), outputs))
        cifarx.internal.check.checkNetwork(net);  % refuses NaN in weights; in inputs it is allowed
    end
catch problem
    cifarx.internal.message.explain(problem, net, caller);
end
end

function [outputs, activations] = computed(net, inputs, count, step)
%COMPUTED  Outputs of the network and of each layer, STEP observations at a time.
outputs = cell(1, numel(net.outputs));
for o = 1:numel(outputs)
    extent = double(net.outputs(o).Size);
    outputs{o} = zeros([extent, ones(1, isempty(extent)), count], 'single');
end
activations = struct('Name', {net.layers.Name}, 'Value', []);
if nargout > 1
    shapes = cifarx.internal.check.checkLayers(net);
    for i = 1:numel(shapes)
        activations(i).Value = zeros([shapes{i}, count], 'single');
    end
end
for first = 1:step:count
    chosen = first:min(first + step - 1, count);
    part = cell(1, numel(inputs));
    for i = 1:numel(inputs)
        part{i} = taken(inputs{i}, net.inputs(i), chosen);
    end
    if nargout < 2
        found = cifarx.internal.forward(net, part);
    else
        [found, values] = cifarx.internal.forward(net, part);
        for i = 1:numel(shapes)
            if numel(shapes{i}) == 3
                activations(i).Value(:, :, :, chosen) = values{i};
            else
                activations(i).Value(:, chosen) = values{i};
            end
        end
    end
    for o = 1:numel(outputs)
        Y = cifarx.internal.layout.natural(found{o}, net.outputs(o), numel(chosen));
        index = [repmat({':'}, 1, max(numel(net.outputs(o).Size), 1)), {chosen}];
        outputs{o}(index{:}) = Y;
    end
end
end

function X = taken(X, input, chosen)
%TAKEN  Some observations of an input, normalized, in the layout of the layers.
X = cifarx.internal.layout.chosen(X, input, chosen);
if isa(X, 'uint8')
    X = cifarx.internal.normalize(X, input);
end
X = cifarx.internal.layout.carried(X, input);
end
