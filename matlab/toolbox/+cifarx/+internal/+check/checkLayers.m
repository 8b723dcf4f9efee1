function shapes = checkLayers(net)
%CHECKLAYERS  Check every layer of a network and compute the sizes of the outputs.
%
%   SHAPES = CIFARX.INTERNAL.CHECK.CHECKLAYERS(NET) returns the size of the output of each layer
%   for one observation, [H W C] (maps) or F (features), as a 1-by-L cell array. NET is a network
%   returned by CIFARX.LOAD. Kinds, names, options and arrays are checked on the way; the errors
%   are 'cifarx:check:REASON'.

layers = net.layers;
given = numel(net.inputs);
names = [{net.inputs.Name}, {layers.Name}];
for i = 1:numel(names)
    if ~ischar(names{i}) || size(names{i}, 1) ~= 1
        error('cifarx:check:fieldClass', ...
              'the Name of %s %d is %s, expected a character row vector', ...
              noun(i <= given), i - given * (i > given), ...
              cifarx.internal.message.valueText(names{i}));
    end
end
[~, order] = unique(lower(names));
if numel(order) < numel(names)
    error('cifarx:check:doubledName', ...
          ['two layers, or a layer and an input, are called ''%s'' (ignoring case), ' ...
           'expected unique names'], names{find(~ismember(1:numel(names), order), 1)});
end
values = [arrayfun(@cifarx.internal.layout.shapeOf, net.inputs(:).', 'UniformOutput', false), ...
          cell(1, numel(layers))];
for i = 1:numel(layers)
    layer = layers(i);
    requireProperties(layer);
    inputs = inputsOf(layer, names(1:given + i - 1));
    values{given + i} = cifarx.internal.shape.ofLayer(layer, values(inputs));
end
shapes = values(given + 1:end);
end

function word = noun(isInput)
%NOUN  What a name belongs to.
words = {'layer', 'input'};
word = words{1 + isInput};
end

function requireProperties(layer)
%REQUIREPROPERTIES  Refuse unknown kinds and layers without the properties of their kind.
if ~ischar(layer.Kind)
    error('cifarx:check:fieldClass', 'the Kind of layer ''%s'' is %s, expected char', ...
          layer.Name, cifarx.internal.message.valueText(layer.Kind));
end
[options, arrays] = cifarx.internal.vocabulary(layer.Kind);
if ~iscell(options)
    error('cifarx:check:unknownKind', ...
          ['layer ''%s'' is of kind ''%s'', which this toolbox does not support, expected ' ...
           'one of the kinds in export/README.md'], layer.Name, layer.Kind);
end
needed = [options, arrays];
there = isfield(layer, needed);
if ~all(there)
    cifarx.internal.message.refuse(layer, 'missingField', ...
                                   'it has no field %s, expected the fields %s', ...
                                   needed{find(~there, 1)}, strjoin(needed, ', '));
end
for i = 1:numel(options)
    cifarx.internal.check.requireOption(layer, options{i});
end
if ~isempty(arrays) && ~(isstruct(layer.Source) && all(isfield(layer.Source, arrays)))
    cifarx.internal.message.refuse(layer, 'missingField', ...
                                   'its Source is %s, expected a structure with the fields %s', ...
                                   cifarx.internal.message.valueText(layer.Source), ...
                                   strjoin(arrays, ', '));
end
end

function positions = inputsOf(layer, known)
%INPUTSOF  Positions of the values that a layer reads; they must come before the layer.
if ~iscellstr(layer.Inputs)
    cifarx.internal.message.refuse(layer, 'fieldClass', ...
                                   'Inputs is %s, expected a cell array of character vectors', ...
                                   cifarx.internal.message.valueText(layer.Inputs));
end
count = numel(layer.Inputs);
switch layer.Kind
    case {'AdditionLayer', 'MultiplicationLayer', 'BinaryElementwiseLayer'}
        sound = count == 2;
        wanted = '2';
    case {'DepthConcatenationLayer', 'ConcatenationLayer'}
        sound = count >= 2;
        wanted = '2 or more';
    otherwise
        sound = count == 1;
        wanted = '1';
end
if ~sound
    cifarx.internal.message.refuse(layer, 'inputCount', 'it has %d inputs, expected %s', ...
                                   count, wanted);
end
positions = zeros(1, count);
for i = 1:count
    found = find(strcmp(layer.Inputs{i}, known));
    if isempty(found)
        cifarx.internal.message.refuse(layer, 'unknownInput', ...
                                       'it reads ''%s'', which is not an earlier layer', ...
                                       layer.Inputs{i});
    end
    positions(i) = found;
end
end
