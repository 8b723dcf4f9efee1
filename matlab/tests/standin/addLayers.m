function graph = addLayers(graph, layers)
%ADDLAYERS  Stand-in: layers in a row, of names that the graph does not have yet.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layergraph.addlayers.html
for i = 1:numel(layers)
    if ~isempty(graph.Layers) && ismember(layers(i).Name, {graph.Layers.Name})
        error('standin:names', 'There is a layer ''%s'' already.', layers(i).Name);
    end
    graph.Layers = [graph.Layers; layers(i)];
    if i > 1
        graph = connectLayers(graph, layers(i - 1).Name, layers(i).Name);
    end
end
end
