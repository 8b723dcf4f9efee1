function dlnet = buildNetwork(net)
%BUILDNETWORK  Build a dlnetwork of built-in layers.
%
%   DLNET = CIFARX.INTERNAL.BUILD.BUILDNETWORK(NET) returns an initialized dlnetwork for NET, a
%   network returned by CIFARX.LOAD. Its input layer normalizes as the file states, its layers
%   have the names in the file, and its outputs are those of the layers that net.outputs names.
%
%   A signal enters through an image input of one row, because the layers are two-dimensional, and
%   those of sequences ('SCBT' or 'CBT') take other layers.
%
%   A FlattenLayer is left out if only fully connected layers read it, directly or through layers
%   that work element by element. In every release fullyConnectedLayer is documented to flatten
%   maps itself, in the order of the weights in the file, and flattenLayer did not take images in
%   R2021a.
%
%   The network is assembled as a layerGraph because addLayers on a dlnetwork does not exist in
%   R2021a; layerGraph and dlnetwork(layerGraph) are documented from R2019b to today.
%   https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layergraph.html
%   https://www.mathworks.com/help/deeplearning/ref/dlnetwork.html

graph = layerGraph(inputLayer(net.inputs(1)));
for i = 2:numel(net.inputs)
    graph = addLayers(graph, inputLayer(net.inputs(i)));
end
wiring = cifarx.internal.build.wiring(net);
for i = 1:numel(net.layers)
    if ismember(net.layers(i).Name, wiring.names)
        graph = addLayers(graph, cifarx.internal.build.buildLayer(net.layers(i)));
    end
end
for i = 1:numel(wiring.sources)
    graph = connectLayers(graph, wiring.sources{i}, wiring.destinations{i});
end
try
    dlnet = dlnetwork(graph);
catch reason
    kinds = {net.layers(ismember({net.layers.Name}, wiring.names)).Kind};
    kind = 'assembly';
    if cifarx.internal.isOlder('R2021b') && ismember('FlattenLayer', kinds)
        kind = 'release';  % flattenLayer of R2021a takes sequences of images only
    end
    error(['cifarx:dlnetwork:' kind], ...
          ['Deep Learning Toolbox of this MATLAB cannot assemble the layers: %s A newer ' ...
           'release may. cifarx.predict runs the network without that toolbox.'], ...
          reason.message);
end
end

function layer = inputLayer(input)
%INPUTLAYER  imageInputLayer with explicit normalization, or featureInputLayer.
% By default imageInputLayer would subtract the mean of the training images.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.imageinputlayer.html
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.featureinputlayer.html
extent = cifarx.internal.layout.shapeOf(input);
if strcmp(input.Format, 'CB')
    layer = featureInputLayer(extent, 'Normalization', 'none', 'Name', input.Name);
elseif strcmp(input.Normalization, 'none')
    layer = imageInputLayer(extent, 'Normalization', 'none', 'Name', input.Name);
else
    layer = imageInputLayer(extent, 'Normalization', 'zscore', 'Mean', input.Mean, ...
                            'StandardDeviation', input.StandardDeviation, 'Name', input.Name);
end
end
