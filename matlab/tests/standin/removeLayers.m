function graph = removeLayers(graph, names)
%REMOVELAYERS  Stand-in: also takes the connections of the layers away.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layergraph.removelayers.html
names = cellstr(names);
if ~all(ismember(names, {graph.Layers.Name}))
    error('standin:remove', 'There is no such layer.');
end
graph.Layers = graph.Layers(~ismember({graph.Layers.Name}, names));
target = strtok(graph.Connections.Destination, '/');
kept = ~ismember(graph.Connections.Source, names) & ~ismember(target, names);
graph.Connections.Source = graph.Connections.Source(kept);
graph.Connections.Destination = graph.Connections.Destination(kept);
end
