function dlnet = dlnetwork(graph)
%DLNETWORK  Stand-in: checks the graph, computes its sizes once, lists what can be learnt.
% https://www.mathworks.com/help/deeplearning/ref/dlnetwork.html
dlnet.StandInClass = 'dlnetwork';
dlnet.Layers = graph.Layers;
dlnet.Connections = graph.Connections;
dlnet.Initialized = true;
inputLayers = standInInputs(graph.Layers);
for i = 1:numel(graph.Layers)
    fed = strcmp(strtok(graph.Connections.Destination, '/'), graph.Layers(i).Name);
    if ~ismember(i, inputLayers) && sum(fed) ~= graph.Layers(i).NumInputs
        error('standin:inputs', 'Layer ''%s'' has unconnected inputs.', graph.Layers(i).Name);
    end
end
names = {graph.Layers.Name};
dlnet.InputNames = names(inputLayers);
dlnet.OutputNames = names(~ismember(names, graph.Connections.Source));
dlnet.Learnables = listed(graph.Layers, {'Weights', 'Bias', 'Scale', 'Offset', 'Alpha'});
dlnet.State = listed(graph.Layers, {'TrainedMean', 'TrainedVariance'});
if ~standInSince('R2023b')  % their class is not stated on the page: play both
    dlnet.State.Value = cellfun(@extractdata, dlnet.State.Value, 'UniformOutput', false);
end
formats = {'CB', '', 'SSCB'};
X = cell(1, numel(inputLayers));
for i = 1:numel(X)
    extent = graph.Layers(inputLayers(i)).InputSize;
    X{i} = dlarray(zeros([extent, 2], 'single'), formats{numel(extent)});
end
predict(dlnet, X{:});  % the sizes fit
end

function rows = listed(layers, parameters)
%LISTED  The columns of Learnables or State: Layer, Parameter, Value.
rows = struct('Layer', {{}}, 'Parameter', {{}}, 'Value', {{}});
fixed = {'LeakyReLULayer', 'ELULayer', 'CrossChannelNormalizationLayer', 'ScalingLayer', ...
         'Resize2DLayer'};
for i = 1:numel(layers)
    for k = 1:numel(parameters)
        value = layers(i).(parameters{k});
        kind = strrep(layers(i).StandInClass, 'nnet.cnn.layer.', '');
        if ~isempty(value) && ~ismember(kind, fixed)
            rows.Layer{end + 1, 1} = layers(i).Name;
            rows.Parameter{end + 1, 1} = parameters{k};
            rows.Value{end + 1, 1} = dlarray(value);
        end
    end
end
end
