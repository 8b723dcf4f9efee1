function testOtherNetworksDoNotComeBack()
%TESTOTHERNETWORKSDONOTCOMEBACK  A dlnetwork that is not the network of the file is refused.
files = buildable();
if exist('OCTAVE_VERSION', 'builtin')  % properties of real layers are read-only
    noOptionIsLost(files);
end
of = ~cellfun(@isempty, strfind(files, 'oldest')); %#ok<STRCLFH> which every release builds
net = cifarx.load(files{of});
graph = layerGraph(cifarx.dlnetwork(net));
last = net.layers(end).Name;

added = connectLayers(addLayers(graph, softmaxLayer('Name', 'extra')), last, 'extra');
refused(dlnetwork(added), net, 'cifarx:save:layers', 'Added: extra');

relu = net.layers(end - 1).Name;
other = swapped(graph, relu, tanhLayer('Name', relu));
refused(dlnetwork(other), net, 'cifarx:save:layerClass', 'of class nnet.cnn.layer.ReLULayer');

changed = net;
changed.inputs.Mean = net.inputs.Mean + 1;
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
%NOOPTIONISLOST  A change of any option of any layer in the dlnetwork is refused.
seen = cell(1, 0);
for i = 1:numel(files)
    net = cifarx.load(files{i});
    dlnet = cifarx.dlnetwork(net);
    for k = 1:numel(net.layers)
        layer = net.layers(k);
        options = cifarx.internal.vocabulary(layer.Kind);
        built = cifarx.internal.build.classOf(layer.Name, net);
        if strcmp(built, 'nnet.cnn.layer.FunctionLayer')
            continue  % its options are in its function, which is compared
        end
        if strcmp(layer.Kind, 'LayerNormalizationLayer')
            options = [options, {'OperationDimension'}]; %#ok<AGROW>
        end
        for m = 1:numel(options)
            name = regexprep(options{m}, '^(Padding|Cropping)$', '$1Size');
            at = strcmp(layer.Name, {dlnet.Layers.Name});
            unused = strcmp(name, 'PaddingValue') && ~any(layer.Padding);
            if unused || isempty(dlnet.Layers(at).(name))  % Scale of layers built by OutputSize
                continue
            end
            refused(changedIn(dlnet, layer.Name, name), net, 'cifarx:save:option', ...
                    [name ' of layer ''' layer.Name '''']);
            seen{end + 1} = [layer.Kind '.' options{m}]; %#ok<AGROW>
        end
    end
    refused(changedIn(dlnet, net.inputs(1).Name, 'InputSize'), net, 'cifarx:save:option', ...
            'InputSize');
end
assert(numel(unique(seen)) >= 25 || numel(files) < numel(fixtures()));
end

function dlnet = changedIn(dlnet, layer, name)
%CHANGEDIN  The dlnetwork of the stand-in with another value of one option.
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
%SWAPPED  The graph with one layer replaced.
from = graph.Connections.Source{strcmp(name, graph.Connections.Destination)};
to = graph.Connections.Destination{strcmp(name, graph.Connections.Source)};
graph = addLayers(removeLayers(graph, name), layer);
graph = connectLayers(connectLayers(graph, from, name), name, to);
end

function refused(dlnet, net, identifier, words)
%REFUSED  Assert that an error is raised.
try
    cifarx.internal.build.fromDlnetwork(dlnet, net);
catch reason
    assert(strcmp(reason.identifier, identifier), '%s: %s', reason.identifier, reason.message);
    assert(~isempty(strfind(reason.message, words)), reason.message); %#ok<STREMP>
    return
end
error('cifarx:test:notRefused', 'No error %s was raised.', identifier);
end
