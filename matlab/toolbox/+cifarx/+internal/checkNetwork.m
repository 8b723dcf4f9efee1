function checkNetwork(net)
%CHECKNETWORK  Refuse a network that is not sound.
%
%   CIFARX.INTERNAL.CHECKNETWORK(NET) checks classes, sizes and values of all that
%   export/README.md lists, and raises an error 'cifarx:check:reason' that says what
%   was found and what was expected. Sizes are followed through the layers, without
%   computing anything.

requireFields(net.format, 'format', {'name', 'version', 'producer', 'model', 'recipe', ...
                                     'checkpoint_sha256', 'onnx_sha256', 'arrays_sha256'});
requireFields(net.input, 'input', {'Name', 'InputSize', 'Normalization', 'Mean', ...
                                   'StandardDeviation'});
requireFields(net.layers, 'layers', {'Name', 'Kind', 'Inputs', 'Module', 'Source'});
requireFields(net.test, 'test', {'images', 'inputs', 'labels', 'logits', 'reference'});
checkInput(net.input);
shapes = cifarx.internal.checkLayers(net);
checkOutputs(net, shapes);
cifarx.internal.checkTest(net.test, net.input, numel(net.classes));
end

function requireFields(value, name, fields)
%REQUIREFIELDS  Refuse what is no structure, or lacks a field.
if ~isstruct(value) || isempty(value) || (numel(value) ~= 1 && ~strcmp(name, 'layers'))
    error('cifarx:check:fieldClass', ...
          'the variable ''%s'' is a %s %s, expected a structure with the fields %s', ...
          name, cifarx.internal.sizeText(value), class(value), strjoin(fields, ', '));
end
there = isfield(value, fields);
if ~all(there)
    error('cifarx:check:missingField', ...
          'the variable ''%s'' has no field ''%s'', expected the fields %s', ...
          name, fields{find(~there, 1)}, strjoin(fields, ', '));
end
end

function checkInput(input)
%CHECKINPUT  Size and normalization of the images.
size3 = input.InputSize;
demand(isa(size3, 'double') && isequal(size(size3), [1 3]) && ...
       all(size3 >= 1 & size3 == fix(size3)), 'fieldSize', 'input.InputSize', size3, ...
       '1-by-3 double, whole numbers of 1 or more (height, width, channels)');
demand(any(strcmp(input.Normalization, {'zscore', 'none'})), 'fieldValue', ...
       'input.Normalization', input.Normalization, '''zscore'' or ''none''');
keys = {'Mean', 'StandardDeviation'};
for i = 1:2
    value = input.(keys{i});
    label = ['input.' keys{i}];
    if strcmp(input.Normalization, 'none')
        demand(isempty(value), 'fieldSize', label, value, ...
               '[], for input.Normalization is ''none''');
        continue
    end
    wanted = sprintf('1-by-1-by-%d single', size3(3));
    demand(isa(value, 'single') && isreal(value), 'fieldClass', label, value, wanted);
    demand(numel(value) == size3(3) && size(value, 3) == size3(3), 'fieldSize', label, ...
           value, wanted);
    demand(all(isfinite(value(:))) && (i == 1 || all(value(:) > 0)), 'fieldValue', label, ...
           double(value(:).'), 'finite numbers, of StandardDeviation above 0');
end
end

function demand(sound, reason, label, value, wanted)
%DEMAND  Raise an error unless a value is sound.
if ~sound
    error(['cifarx:check:' reason], '%s is %s, expected %s', label, ...
          cifarx.internal.valueText(value), wanted);
end
end

function checkOutputs(net, shapes)
%CHECKOUTPUTS  One output, features, as many as there are classes.
demand(iscellstr(net.outputs) && numel(net.outputs) == 1, 'fieldSize', 'outputs', ...
       net.outputs, 'a 1-by-1 cell array with the name of a layer');
found = find(strcmp(net.outputs, {net.layers.Name}));
if isempty(found)
    error('cifarx:check:unknownOutput', ...
          'the output is ''%s'', expected the name of one of the %d layers', ...
          net.outputs{1}, numel(net.layers));
end
demand(iscell(net.classes), 'fieldClass', 'classes', net.classes, 'a cell array of names');
for i = 1:numel(net.classes)
    demand(ischar(net.classes{i}) || isa(net.classes{i}, 'uint8'), 'fieldClass', ...
           sprintf('classes{%d}', i), net.classes{i}, 'char');
end
if ~isequal(shapes{found}, numel(net.classes))
    error('cifarx:check:classCount', ...
          ['there are %d classes, but the output ''%s'' is %s; expected one feature a ' ...
           'class'], numel(net.classes), net.outputs{1}, ...
          cifarx.internal.shapeText([shapes{found}, 1]));
end
end
