function testOtherNetworksDoNotComeBack()
%TESTOTHERNETWORKSDONOTCOMEBACK  What is no longer the file's network is refused by name.
requires('dlnetwork');
files = fixtures();
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
    cifarx.internal.fromDlnetwork(dlnet, net);
catch reason
    assert(strcmp(reason.identifier, identifier), '%s: %s', reason.identifier, reason.message);
    assert(~isempty(strfind(reason.message, words)), reason.message); %#ok<STREMP>
    return
end
error('cifarx:test:notRefused', 'No error %s was raised.', identifier);
end
