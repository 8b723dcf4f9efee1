function wires = wiring(net)
%WIRING  Layers and connections of the dlnetwork of a network.
%
%   WIRES = CIFARX.INTERNAL.BUILD.WIRING(NET) returns, for a network returned by CIFARX.LOAD, a
%   structure of cell arrays of char: names of the layers to build, and sources and destinations of
%   the connections, as connectLayers takes them ('sum/in2' is the second input). Flatten layers
%   that fullyConnectedLayer replaces are left out.

left = leftOut(net);
known = {net.layers.Name};
inputs = {net.inputs.Name};
stands = containers.Map(inputs, inputs);  % the layer to read for each layer
wires.names = known(~left);
wires.sources = cell(1, 0);
wires.destinations = cell(1, 0);
for i = 1:numel(net.layers)
    layer = net.layers(i);
    from = layer.Inputs;
    there = isKey(stands, from);
    if ~all(there)
        error('cifarx:dlnetwork:unknownInput', ...
              'Layer ''%s'' reads ''%s'', which is not an earlier layer.', ...
              layer.Name, from{find(~there, 1)});
    end
    if left(i)
        stands(layer.Name) = stands(from{1});
        continue
    end
    stands(layer.Name) = layer.Name;
    for k = 1:numel(from)
        wires.sources{end + 1} = stands(from{k});
        if numel(from) == 1
            wires.destinations{end + 1} = layer.Name;
        else
            wires.destinations{end + 1} = sprintf('%s/in%d', layer.Name, k);
        end
    end
end
end

function left = leftOut(net)
%LEFTOUT  The flatten layers that only fully connected layers read, directly or not.
through = {'DropoutLayer', 'ReLULayer', 'LeakyReLULayer', 'ClippedReLULayer', 'ELULayer', ...
           'GELULayer', 'SwishLayer', 'SigmoidLayer', 'TanhLayer', 'ElementwiseLayer'};
names = {net.layers.Name};
kinds = {net.layers.Kind};
outputs = {net.outputs.Layer};
absorbed = false(1, numel(names));  % whether all readers of a layer flatten it themselves
for i = numel(names):-1:1
    readers = cellfun(@(inputs) any(strcmp(names{i}, inputs)), {net.layers.Inputs});
    passed = ismember(kinds(readers), through) & absorbed(readers);
    flattens = strcmp(kinds(readers), 'FullyConnectedLayer');
    absorbed(i) = any(readers) && all(flattens | passed) && ~any(strcmp(names{i}, outputs));
end
left = strcmp(kinds, 'FlattenLayer') & absorbed;
end
