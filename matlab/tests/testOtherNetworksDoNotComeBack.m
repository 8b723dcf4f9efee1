function testOtherNetworksDoNotComeBack()
%TESTOTHERNETWORKSDONOTCOMEBACK  What is no longer the file's network is refused by name.
requires('dlnetwork');
files = fixtures();
net = cifarx.load(files{~cellfun(@isempty, strfind(files, 'windows'))}); %#ok<STRCL1>
graph = layerGraph(cifarx.dlnetwork(net));
last = net.layers(end).Name;

added = connectLayers(addLayers(graph, softmaxLayer('Name', 'extra')), last, 'extra');
refused(added, net, 'cifarx:save:layers', 'It has, but should not: extra');

other = net;
other.layers(1).Stride = [1 1];
other.layers(1).Padding = [2 1 5 7];  % the same output size as with [1 2]
same = cifarx.internal.buildLayer(other.layers(1));
assert(strcmp(class(same), 'nnet.cnn.layer.Convolution2DLayer')); %#ok<STISA>
refused(swapped(graph, net.layers(end - 1).Name, tanhLayer('Name', ...
                                                           net.layers(end - 1).Name)), ...
        net, 'cifarx:save:layerClass', 'should be an nnet.cnn.layer.ReLULayer');

changed = net;
changed.input.Mean = net.input.Mean + 1;
refused(layerGraph(cifarx.dlnetwork(changed)), net, 'cifarx:save:normalization', ...
        'ResetInputNormalization');

changed = net;
changed.layers(1).Padding = net.layers(1).Padding([2 1 3 4]);
refused(layerGraph(cifarx.dlnetwork(changed)), net, 'cifarx:save:option', 'PaddingSize of layer');

changed = net;
changed.layers(end).Bias(1) = NaN;
refused(layerGraph(cifarx.dlnetwork(changed)), net, 'cifarx:save:notFinite', 'training diverged');
end

function graph = swapped(graph, name, layer)
%SWAPPED  The graph with another layer in the place of one.
from = graph.Connections.Source{strcmp(name, graph.Connections.Destination)};
to = graph.Connections.Destination{strcmp(name, graph.Connections.Source)};
graph = addLayers(removeLayers(graph, name), layer);
graph = connectLayers(connectLayers(graph, from, name), name, to);
end

function refused(graph, net, identifier, words)
%REFUSED  The error that must be raised.
try
    cifarx.internal.fromDlnetwork(dlnetwork(graph), net);
catch reason
    assert(strcmp(reason.identifier, identifier), '%s: %s', reason.identifier, reason.message);
    assert(~isempty(strfind(reason.message, words)), reason.message); %#ok<STREMP>
    return
end
error('cifarx:test:notRefused', 'No error %s was raised.', identifier);
end
