function graph = layerGraph(source)
%LAYERGRAPH  Stand-in: a graph of one layer, of an array in a row, or of a dlnetwork.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layergraph.html
if isfield(source, 'Layers')
    graph.Layers = source.Layers;
    graph.Connections = source.Connections;
else
    graph = struct('Layers', [], 'Connections', struct('Source', {{}}, 'Destination', {{}}));
    graph = addLayers(graph, source);
end
end
