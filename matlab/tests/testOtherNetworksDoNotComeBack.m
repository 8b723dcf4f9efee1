function testOtherNetworksDoNotComeBack()
%TESTOTHERNETWORKSDONOTCOMEBACK  What is no longer the file's network is refused by name.
requires('dlnetwork');
files = fixtures();
if exist('OCTAVE_VERSION', 'builtin')  % properties of real layers are read-only
    noOptionIsLost(files);
end
net = cifarx.load(files{4});
graph = layerGraph(cifarx.dlnetwork(net));
last = net.layers(end).Name;

added = connectLayers(addLayers(graph, softmaxLayer('Name', 'extra')), last, 'extra');
refused(dlnetwork(added), net, 'cifarx:save:layers', 'It has, but should not: extra');

relu = net.layers(end - 1).Name;
other = swapped(graph, relu, tanhLayer('Name', relu));
refused(dlnetwork(other), net, 'cifarx:save:layerClass', 'should be an nnet.cnn.layer.ReLULayer');

changed = net;
changed.input.Mean = net.input.Mean + 1;
refused(cifarx.dlnetwork(changed), net, 'cifarx:save:normalization', ...
        'ResetInputNormalization');

changed = net;
changed.layers(1).Padding = net.layers(1).Padding([2 1 3 4]);
refused(cifarx.dlnetwork(changed), net, 'cifarx:save:option', 'PaddingSize of layer');

diverged = cifarx.dlnetwork(net);
diverged.Learnables.Value{1} = dlarray(NaN * extractdata(diverged.Learnables.Value{1}));
refused(diverged, net, 'cifarx:save:notFinite', 'training diverged');
end

function noOptionIsLost(files)
%NOOPTIONISLOST  Every option of every layer, changed in the dlnetwork alone, is refused.
seen = cell(1, 0);
for i = 1:numel(files)
    net = cifarx.load(files{i});
    dlnet = cifarx.dlnetwork(net);
    for k = 1:numel(net.layers)
        layer = net.layers(k);
        options = cifarx.internal.vocabulary(layer.Kind);
        if strcmp(layer.Kind, 'LayerNormalizationLayer')
            options = [options, {'OperationDimension'}]; %#ok<AGROW>
        end
        for m = 1:numel(options)
            name = regexprep(options{m}, '^(Padding|Cropping)$', '$1Size');
            if strcmp(name, 'PaddingValue') && ~any(layer.Padding)
                continue
            end
            refused(changedIn(dlnet, layer.Name, name), net, 'cifarx:save:option', ...
                    [name ' of layer ''' layer.Name '''']);
            seen{end + 1} = [layer.Kind '.' options{m}]; %#ok<AGROW>
        end
    end
    refused(changedIn(dlnet, net.input.Name, 'InputSize'), net, 'cifarx:save:option', 'InputSize');
end
assert(numel(unique(seen)) >= 25);
end

function dlnet = changedIn(dlnet, layer, name)
%CHANGEDIN  The stand-in's dlnetwork with another value of an option of a layer.
at = strcmp(layer, {dlnet.Layers.Name});
value = dlnet.Layers(at).(name);
if ischar(value)
    value = 'other';
elseif isnumeric(value)
    value = value + 1;
end
dlnet.Layers(at).(name) = value;
end

function graph = swapped(graph, name, layer)
%SWAPPED  The graph with another layer in the place of one.
from = graph.Connections.Source{strcmp(name, graph.Connections.Destination)};
to = graph.Connections.Destination{strcmp(name, graph.Connections.Source)};
graph = addLayers(removeLayers(graph, name), layer);
graph = connectLayers(connectLayers(graph, from, name), name, to);
end

function refused(dlnet, net, identifier, words)
%REFUSED  The error that must be raised.
try
    cifarx.internal.build.fromDlnetwork(dlnet, net);
catch reason
    assert(strcmp(reason.identifier, identifier), '%s: %s', reason.identifier, reason.message);
    assert(~isempty(strfind(reason.message, words)), reason.message); %#ok<STREMP>
    return
end
error('cifarx:test:notRefused', 'No error %s was raised.', identifier);
end
