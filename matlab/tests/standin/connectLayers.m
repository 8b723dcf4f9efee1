function graph = connectLayers(graph, source, destination)
%CONNECTLAYERS  Stand-in: from a layer to an input that nothing else is connected to.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layergraph.connectlayers.html
names = {graph.Layers.Name};
parts = strsplit(destination, '/');
at = find(strcmp(parts{1}, names));
if isempty(at) || ~ismember(source, names)
    error('standin:connect', 'There is no layer ''%s'' or no ''%s''.', source, parts{1});
end
inputs = arrayfun(@(k) sprintf('%s/in%d', parts{1}, k), 1:graph.Layers(at).NumInputs, ...
                  'UniformOutput', false);
if graph.Layers(at).NumInputs == 1
    inputs = parts(1);
end
if ~ismember(destination, inputs) || ismember(destination, graph.Connections.Destination)
    error('standin:connect', 'No free input is called ''%s''.', destination);
end
graph.Connections.Source{end + 1, 1} = source;
graph.Connections.Destination{end + 1, 1} = destination;
end
