function net = fromDlnetwork(dlnet, template)
%FROMDLNETWORK  Return the weights of a trained dlnetwork as a plain network.
%
%   NET = CIFARX.INTERNAL.BUILD.FROMDLNETWORK(DLNET, TEMPLATE) returns TEMPLATE with the arrays of
%   DLNET. TEMPLATE is a network returned by CIFARX.LOAD, and DLNET a dlnetwork that
%   CIFARX.DLNETWORK made from it and that was trained. Layers are matched by name. DLNET must have
%   the layers, classes, options, connections and normalization of TEMPLATE and arrays of its
%   sizes; otherwise the error names the difference.
%
%   Trained weights are documented in the tables Learnables and State:
%   https://www.mathworks.com/help/deeplearning/ref/dlnetwork.html

wires = cifarx.internal.build.wiring(template);
requireSame(dlnet, wires, template);
net = template;
for i = 1:numel(net.layers)
    layer = net.layers(i);
    at = find(strcmp(layer.Name, {dlnet.Layers.Name}));
    if isempty(at)
        continue  % a flatten layer that fullyConnectedLayer replaces
    end
    built = dlnet.Layers(at);
    if strcmp(class(built), 'nnet.cnn.layer.FunctionLayer') %#ok<STISA> a structure in Octave
        requireFunction(layer, built);
        continue  % nothing is learnt
    end
    requireOptions(layer, built);
    if isstruct(layer.Source)
        keys = fieldnames(layer.Source);
        for k = 1:numel(keys)
            value = learnt(dlnet, built, keys{k});
            net.layers(i).(keys{k}) = fitted(value, layer, keys{k});
        end
    end
end
end

function requireSame(dlnet, wires, template)
%REQUIRESAME  Compare names, classes, connections and the input layer.
found = setdiff({dlnet.Layers.Name}, {template.inputs.Name});
extra = setdiff(found, wires.names);
missing = setdiff(wires.names, found);
if ~isempty(extra) || ~isempty(missing)
    error('cifarx:save:layers', ...
          ['The dlnetwork does not have the layers of the network it came from. Missing: ' ...
           '%s. Added: %s. Only weights can go back to PyTorch; remove added layers with ' ...
           'removeLayers.'], listed(missing), listed(extra));
end
for i = 1:numel(dlnet.Layers)
    expected = cifarx.internal.build.classOf(dlnet.Layers(i).Name, template);
    if ~strcmp(class(dlnet.Layers(i)), expected)
        error('cifarx:save:layerClass', ...
              'Layer ''%s'' must be of class %s, but is of class %s.', ...
              dlnet.Layers(i).Name, expected, class(dlnet.Layers(i)));
    end
end
arrow = @(from, to) sort(strcat(cellstr(from(:)), {' to '}, cellstr(to(:))));
joined = arrow(dlnet.Connections.Source, dlnet.Connections.Destination);
expected = arrow(wires.sources, wires.destinations);
if ~isequal(joined, expected)
    error('cifarx:save:connections', ...
          ['The layers of the dlnetwork are not connected as they were. Missing: %s. ' ...
           'Added: %s.'], listed(setdiff(expected, joined)), listed(setdiff(joined, expected)));
end
for i = 1:numel(template.inputs)
    input = template.inputs(i);
    requireInput(dlnet.Layers(strcmp(input.Name, {dlnet.Layers.Name})), input);
end
end

function requireInput(layer, input)
%REQUIREINPUT  Compare size and normalization, which training recomputes by default.
extent = cifarx.internal.layout.shapeOf(input);
if ~isequal(double(layer.InputSize), extent)
    error('cifarx:save:option', ...
          ['InputSize of layer ''%s'' was %s and is %s in the dlnetwork. Only weights can go ' ...
           'back to PyTorch; make other changes there.'], layer.Name, ...
          cifarx.internal.message.valueText(extent), ...
          cifarx.internal.message.valueText(double(layer.InputSize)));
end
same = strcmp(layer.Normalization, input.Normalization);
if same && strcmp(input.Normalization, 'zscore')
    same = isequal(single(layer.Mean(:)), single(input.Mean(:))) && ...
           isequal(single(layer.StandardDeviation(:)), single(input.StandardDeviation(:)));
end
if ~same
    error('cifarx:save:normalization', ...
          ['The input layer ''%s'' does not normalize as the file does. trainnet and ' ...
           'trainNetwork recompute the mean and deviation unless the training option ' ...
           '''ResetInputNormalization'' is false, which is what cifarx.fineTune sets. Train ' ...
           'again with that option.'], layer.Name);
end
end

function requireOptions(layer, built)
%REQUIREOPTIONS  Compare options; only weights can change.
if strcmp(class(built), 'nnet.cnn.layer.FunctionLayer') %#ok<STISA> the tests' stand-in
    return  % its function is read-only, and the layers around it fix its sizes
end
keys = cifarx.internal.vocabulary(layer.Kind);
if strcmp(layer.Kind, 'LayerNormalizationLayer')
    layer.OperationDimension = 'channel-only';  % as cifarx.dlnetwork builds it
    keys = [keys, {'OperationDimension'}];
end
for k = 1:numel(keys)
    name = regexprep(keys{k}, '^(Padding|Cropping)$', '$1Size');
    if strcmp(name, 'PaddingValue') && (~any(layer.Padding) || ~isprop(built, name))
        continue  % no effect without padding; old releases do not have the property
    end
    expected = layer.(keys{k});
    found = built.(name);
    if strcmp(layer.Kind, 'Resize2DLayer') && isempty(found)
        continue  % built by its output size or by its scale
    end
    if ischar(expected)
        same = strcmp(char(found), expected);
    else
        found = double(found);
        same = isequal(single(found), single(expected));
    end
    if ~same
        error('cifarx:save:option', ...
              ['%s of layer ''%s'' was %s and is %s in the dlnetwork. Only weights can go ' ...
               'back to PyTorch; make other changes there.'], name, layer.Name, ...
              cifarx.internal.message.valueText(expected), ...
              cifarx.internal.message.valueText(found));
    end
end
end

function requireFunction(layer, built)
%REQUIREFUNCTION  Compare the function of a function layer.
expected = func2str(cifarx.internal.build.functionOf(layer));
found = func2str(built.PredictFcn);
if ~strcmp(found, expected)
    error('cifarx:save:option', ...
          ['PredictFcn of layer ''%s'' was %s and is %s in the dlnetwork. Only weights can go ' ...
           'back to PyTorch; make other changes there.'], layer.Name, expected, found);
end
end

function value = learnt(dlnet, built, key)
%LEARNT  An array of a layer, from Learnables or State, otherwise from the layer itself.
tables = {dlnet.Learnables, dlnet.State};
for k = 1:2
    at = strcmp(cellstr(tables{k}.Layer), built.Name) & strcmp(cellstr(tables{k}.Parameter), key);
    if any(at)
        value = tables{k}.Value{at};
        if strcmp(class(value), 'dlarray') %#ok<STISA> not stated for State in all releases
            value = extractdata(value);
        end
        return
    end
end
value = built.(key);
end

function value = fitted(value, layer, key)
%FITTED  The array as single, in the size that it has in the file.
if isa(value, 'gpuArray')
    value = gather(value);
end
expected = size(layer.(key));
oneRow = @(lengths) sum(lengths > 1) <= 1;
if ~isequal(size(value), expected) && numel(value) == prod(expected) && ...
        oneRow(size(value)) && oneRow(expected)
    value = reshape(value, expected);  % one value per channel, along another dimension
end
if ~isequal(size(value), expected)
    error('cifarx:save:arraySize', '%s of layer ''%s'' was %s and is %s in the dlnetwork.', ...
          key, layer.Name, mat2str(expected), mat2str(size(value)));
end
value = single(value);
if ~all(isfinite(value(:)))
    error('cifarx:save:notFinite', ...
          ['%s of layer ''%s'' has values that are not finite; the training diverged. Train ' ...
           'again with a smaller learning rate.'], key, layer.Name);
end
end

function text = listed(names)
%LISTED  Names for a message.
if isempty(names)
    names = {'nothing'};
end
text = strjoin(names(:).', ', ');
end
