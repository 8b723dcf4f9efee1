function dlnet = buildNetwork(net)
%BUILDNETWORK  Put a network together of built-in layers.
%
%   DLNET = CIFARX.INTERNAL.BUILD.BUILDNETWORK(NET) gives for NET, as returned by
%   CIFARX.LOAD, an initialised dlnetwork: its input layer normalises as the file says,
%   its layers have the names of the file's, its outputs are logits as in the file.
%
%   A FlattenLayer is left out where only fully connected layers read it, directly or
%   through layers that work element by element: fullyConnectedLayer is documented in
%   every release to flatten maps itself, in the order in which the file's weights are,
%   and flattenLayer took no plain images in R2021a.
%
%   layerGraph and dlnetwork(layerGraph) are documented from R2019b to this day;
%   addLayers on a dlnetwork itself is not in R2021a.
%   https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layergraph.html
%   https://www.mathworks.com/help/deeplearning/ref/dlnetwork.html

graph = layerGraph(inputLayer(net.input));
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
    error('cifarx:dlnetwork:assembly', ...
          ['Deep Learning Toolbox of this MATLAB cannot put the layers together: %s ' ...
           'A newer release may; cifarx.predict runs the network without the toolbox.'], ...
          reason.message);
end
end

function layer = inputLayer(input)
%INPUTLAYER  imageInputLayer with its normalisation said outright; by default it would subtract
% the mean of whatever it is trained on.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.imageinputlayer.html
if strcmp(input.Normalization, 'none')
    layer = imageInputLayer(input.InputSize, 'Normalization', 'none', 'Name', input.Name);
else
    layer = imageInputLayer(input.InputSize, 'Normalization', 'zscore', 'Mean', input.Mean, ...
                            'StandardDeviation', input.StandardDeviation, 'Name', input.Name);
end
end
