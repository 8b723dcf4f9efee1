function net = trainNetwork(varargin)
%TRAINNETWORK  Stand-in: like trainnet, for a graph that ends in an output layer.
% https://www.mathworks.com/help/deeplearning/ref/trainnetwork.html
[inputs, targets, graph, options] = standInData(varargin);
last = graph.Layers(end);
kinds = {'ClassificationOutputLayer', 'PixelClassificationLayer', 'RegressionOutputLayer'};
losses = {'crossentropy', 'crossentropy', @mse};
at = strcmp(class(last), strcat('nnet.cnn.layer.', kinds));
if ~any(at)
    error('standin:output', 'The graph must end in an output layer.');
end
if ~at(3) && ~isequal(last.Classes.Categories, targets.Categories)
    error('standin:classes', 'The output layer must have the classes of the targets.');
end
if at(2) ~= (numel(varargin) == 3) && ~strcmp(class(varargin{1}), 'augmentedImageDatastore')
    error('standin:data', 'Labels of pixels come from a datastore.');
end
source = graph.Connections.Source{strcmp(last.Name, graph.Connections.Destination)};
dlnet = dlnetwork(removeLayers(graph, last.Name));
options.ByTrainNetwork = true;
net = layerGraph(standInTrained(inputs, targets, dlnet, options, losses{at}));
net = connectLayers(addLayers(net, last), source, last.Name);
end
