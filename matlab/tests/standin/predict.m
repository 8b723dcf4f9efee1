function Y = predict(dlnet, X)
%PREDICT  Stand-in: the output of a dlnetwork, layer by layer, in double precision.
% https://www.mathworks.com/help/deeplearning/ref/dlnetwork.predict.html
if ~strcmp(X.Format, 'SSCB')
    error('standin:format', 'Images must be a dlarray of format SSCB.');
end
X.Data = double(X.Data);
values = containers.Map();
left = 1:numel(dlnet.Layers);
while ~isempty(left)
    i = left(1);
    left(1) = [];
    layer = dlnet.Layers(i);
    inputs = {X};
    to = dlnet.Connections.Destination;
    from = dlnet.Connections.Source(strcmp(strtok(to, '/'), layer.Name));
    to = to(strcmp(strtok(to, '/'), layer.Name));
    if ~isempty(from)
        [~, order] = sort(str2double(regexprep(to, '^.*/in', '')));
        from = from(order);
        if ~all(isKey(values, from))
            left(end + 1) = i; %#ok<AGROW> its turn comes later
            continue
        end
        inputs = cellfun(@(name) values(name), from, 'UniformOutput', false).';
    else
        standInSize('the images', X.Data, [layer.InputSize, NaN]);
    end
    if strcmp(class(layer), 'nnet.cnn.layer.PReLULayer')
        inputs{2} = layer.Alpha;  % as it is now: it can be set after the layer is made
    end
    values(layer.Name) = layer.Forward(inputs);
end
Y = values(dlnet.OutputNames{1});
end
