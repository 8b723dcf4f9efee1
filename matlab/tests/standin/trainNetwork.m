function net = trainNetwork(varargin)
%TRAINNETWORK  Stand-in: like trainnet, for a graph that ends in a classification layer.
% https://www.mathworks.com/help/deeplearning/ref/trainnetwork.html
[images, targets, graph, options] = standInData(varargin);
last = graph.Layers(end);
if ~strcmp(class(last), 'nnet.cnn.layer.ClassificationOutputLayer') || ...
        ~isequal(last.Classes.Categories, targets.Categories) %#ok<STISA>
    error('standin:classes', 'The graph must end in a classification layer of the classes.');
end
source = graph.Connections.Source{strcmp(last.Name, graph.Connections.Destination)};
dlnet = dlnetwork(removeLayers(graph, last.Name));
options.ByTrainNetwork = true;
net = layerGraph(standInTrained(images, targets, dlnet, options));
net = connectLayers(addLayers(net, last), source, last.Name);
end
