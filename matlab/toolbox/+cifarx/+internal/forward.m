function [outputs, values] = forward(net, inputs)
%FORWARD  Run all layers on one mini-batch.
%
%   OUTPUTS = CIFARX.INTERNAL.FORWARD(NET, INPUTS) returns a cell array with the values of the
%   layers that net.outputs names, maps H-by-W-by-C-by-N or features F-by-N. INPUTS is a cell array
%   with one single array per input of NET, normalized and in the layout of
%   CIFARX.INTERNAL.LAYOUT.CARRIED. Values that no later layer reads are freed.
%
%   [OUTPUTS, VALUES] = CIFARX.INTERNAL.FORWARD(NET, INPUTS) also returns the output of each layer,
%   a 1-by-L cell array.

[sources, lastUse, places] = wiring(net);
given = numel(net.inputs);
values = [reshape(inputs, 1, []), cell(1, numel(net.layers))];
for i = 1:numel(net.layers)
    values{given + i} = cifarx.internal.applyLayer(net.layers(i), values(sources{i}));
    if nargout < 2
        values(sources{i}(lastUse(sources{i}) == i)) = {[]};
    end
end
outputs = values(places);
values = values(given + 1:end);
end

function [sources, lastUse, places] = wiring(net)
%WIRING  Positions of each layer's inputs, the last reader of each value, positions of outputs.
given = numel(net.inputs);
names = [{net.inputs.Name}, {net.layers.Name}];
sources = cell(1, numel(net.layers));
lastUse = zeros(1, numel(names));
for i = 1:numel(net.layers)
    [known, position] = ismember(net.layers(i).Inputs, names(1:given + i - 1));
    if ~all(known)
        error('cifarx:predict:unknownInput', ...
              'Layer ''%s'' reads ''%s'', which is not an earlier layer.', ...
              net.layers(i).Name, net.layers(i).Inputs{find(~known, 1)});
    end
    sources{i} = position(:).';
    lastUse(sources{i}) = i;
end
[known, places] = ismember({net.outputs.Layer}, names);
if ~all(known)
    error('cifarx:predict:output', 'The output ''%s'' is not the name of a layer.', ...
          net.outputs(find(~known, 1)).Layer);
end
lastUse(places) = Inf;
end
