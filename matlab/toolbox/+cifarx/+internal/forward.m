function [Y, values] = forward(net, X)
%FORWARD  Run all layers on one mini-batch.
%
%   Y = CIFARX.INTERNAL.FORWARD(NET, X) returns the output of NET, maps H-by-W-by-C-by-N or
%   features F-by-N, for the H-by-W-by-C-by-N single array X, which is already normalized. Values
%   that no later layer reads are freed.
%
%   [Y, VALUES] = CIFARX.INTERNAL.FORWARD(NET, X) also returns the output of each layer, a 1-by-L
%   cell array.

[inputs, lastUse] = wiring(net);
values = [{X}, cell(1, numel(net.layers))];
for i = 1:numel(net.layers)
    values{i + 1} = cifarx.internal.applyLayer(net.layers(i), values(inputs{i}));
    if nargout < 2
        values(inputs{i}(lastUse(inputs{i}) == i)) = {[]};
    end
end
Y = values{lastUse == Inf};
values = values(2:end);
end

function [inputs, lastUse] = wiring(net)
%WIRING  Positions of each layer's inputs, and the last reader of each value.
names = [{net.input.Name}, {net.layers.Name}];
inputs = cell(1, numel(net.layers));
lastUse = zeros(1, numel(names));
for i = 1:numel(net.layers)
    [known, position] = ismember(net.layers(i).Inputs, names(1:i));
    if ~all(known)
        error('cifarx:predict:unknownInput', ...
              'Layer ''%s'' reads ''%s'', which is not an earlier layer.', ...
              net.layers(i).Name, net.layers(i).Inputs{find(~known, 1)});
    end
    inputs{i} = position(:).';
    lastUse(inputs{i}) = i;
end
output = ismember(names, net.outputs);
if sum(output) ~= 1
    error('cifarx:predict:output', ...
          'The network must have one output, but %d layers have that name.', sum(output));
end
lastUse(output) = Inf;
end
