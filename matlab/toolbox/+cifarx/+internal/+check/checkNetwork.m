function checkNetwork(net)
%CHECKNETWORK  Refuse an invalid network.
%
%   CIFARX.INTERNAL.CHECK.CHECKNETWORK(NET) checks the classes, sizes and values of everything that
%   export/README.md lists. It raises an error 'cifarx:check:REASON' that states what was found and
%   what was expected. The sizes are followed through the layers without computing anything.

requireFields(net.format, 'format', {'name', 'version', 'producer', 'model', 'recipe', ...
                                     'checkpoint_sha256', 'onnx_sha256', 'arrays_sha256'});
requireFields(net.input, 'input', {'Name', 'InputSize', 'Normalization', 'Mean', ...
                                   'StandardDeviation'});
requireFields(net.layers, 'layers', {'Name', 'Kind', 'Inputs', 'Module', 'Source'});
requireFields(net.test, 'test', {'images', 'inputs', 'labels', 'logits', 'reference'});
checkFormat(net.format);
checkInput(net.input);
shapes = cifarx.internal.check.checkLayers(net);
checkSources(net.layers);
checkOutputs(net, shapes);
cifarx.internal.check.checkTest(net.test, net.input, numel(net.classes));
end

function requireFields(value, name, fields)
%REQUIREFIELDS  Refuse values that are not structures with all fields.
if ~isstruct(value) || isempty(value) || (numel(value) ~= 1 && ~strcmp(name, 'layers'))
    error('cifarx:check:fieldClass', ...
          'the variable ''%s'' is a %s %s, expected a structure with the fields %s', ...
          name, cifarx.internal.message.sizeText(value), class(value), strjoin(fields, ', '));
end
there = isfield(value, fields);
if ~all(there)
    error('cifarx:check:missingField', ...
          'the variable ''%s'' has no field ''%s'', expected the fields %s', ...
          name, fields{find(~there, 1)}, strjoin(fields, ', '));
end
end

function checkFormat(form)
%CHECKFORMAT  All fields are text, except the version.
demand(isnumeric(form.version) && isreal(form.version) && numel(form.version) == 1, ...
       'fieldClass', 'format.version', form.version, 'a number');
keys = setdiff(fieldnames(form), {'version'}).';
for i = 1:numel(keys)
    demand(isText(form.(keys{i})), 'fieldClass', ['format.' keys{i}], form.(keys{i}), 'char');
end
end

function sound = isText(value)
%ISTEXT  Whether a value is a char row, '', or bytes that are not valid UTF-8.
sound = (ischar(value) || isa(value, 'uint8')) && ndims(value) == 2 && ...
        (size(value, 1) == 1 || isempty(value)); %#ok<ISMAT>
end

function checkSources(layers)
%CHECKSOURCES  Module and Source are text, and Source names only arrays of the layer's kind.
for i = 1:numel(layers)
    label = sprintf('layers(%d).', i);
    demand(isText(layers(i).Module), 'fieldClass', [label 'Module'], layers(i).Module, 'char');
    source = layers(i).Source;
    if isempty(source) && isa(source, 'double')
        continue
    end
    demand(isstruct(source) && numel(source) == 1, 'fieldClass', [label 'Source'], source, ...
           'a 1-by-1 structure, or [] for a layer without arrays');
    keys = fieldnames(source);
    [~, arrays] = cifarx.internal.vocabulary(layers(i).Kind);
    for k = 1:numel(keys)
        demand(iscell(arrays) && any(strcmp(keys{k}, arrays)), 'fieldValue', ...
               [label 'Source'], keys{k}, ['only arrays of its ' layers(i).Kind]);
        demand(isText(source.(keys{k})), 'fieldClass', [label 'Source.' keys{k}], ...
               source.(keys{k}), 'char');
    end
end
end

function checkClasses(classes)
%CHECKCLASSES  A row of unique, non-empty names.
demand(iscell(classes), 'fieldClass', 'classes', classes, 'a cell array of names');
demand(size(classes, 1) == 1 && ndims(classes) == 2 && ~isempty(classes), 'fieldSize', ...
       'classes', classes, 'a 1-by-K cell array of names'); %#ok<ISMAT>
for i = 1:numel(classes)
    label = sprintf('classes{%d}', i);
    demand(isText(classes{i}) && ~isempty(classes{i}), 'fieldClass', label, classes{i}, ...
           'char with one or more letters');
end
letters = cellfun(@(name) sprintf('%d ', name), classes, 'UniformOutput', false);
[~, ~, number] = unique(letters);
[sorted, order] = sort(number(:).');
again = min(order([false, diff(sorted) == 0]));
if ~isempty(again)
    error('cifarx:check:fieldValue', ...
          'classes{%d} and classes{%d} are both %s, expected unique names', ...
          find(number == number(again), 1), again, ...
          cifarx.internal.message.valueText(classes{again}));
end
end

function checkInput(input)
%CHECKINPUT  Size and normalization of the images.
size3 = input.InputSize;
demand(isa(size3, 'double') && isreal(size3) && ~issparse(size3) && ...
       isequal(size(size3), [1 3]) && ...
       all(size3 >= 1 & size3 == fix(size3)), 'fieldSize', 'input.InputSize', size3, ...
       '1-by-3 double, whole numbers of 1 or more (height, width, channels)');
demand(ischar(input.Normalization) && ...
       any(strcmp(input.Normalization, {'zscore', 'none'})), 'fieldValue', ...
       'input.Normalization', input.Normalization, '''zscore'' or ''none''');
keys = {'Mean', 'StandardDeviation'};
for i = 1:2
    value = input.(keys{i});
    label = ['input.' keys{i}];
    if strcmp(input.Normalization, 'none')
        demand(isempty(value), 'fieldSize', label, value, ...
               '[], because input.Normalization is ''none''');
        continue
    end
    wanted = sprintf('1-by-1-by-%d single', size3(3));
    demand(isa(value, 'single') && isreal(value), 'fieldClass', label, value, wanted);
    demand(numel(value) == size3(3) && size(value, 3) == size3(3), 'fieldSize', label, ...
           value, wanted);
    demand(all(isfinite(value(:))) && (i == 1 || all(value(:) > 0)), 'fieldValue', label, ...
           double(value(:).'), 'finite numbers, for StandardDeviation above 0');
end
end

function demand(sound, reason, label, value, wanted)
%DEMAND  Raise an error unless a value is valid.
if ~sound
    error(['cifarx:check:' reason], '%s is %s, expected %s', label, ...
          cifarx.internal.message.valueText(value), wanted);
end
end

function checkOutputs(net, shapes)
%CHECKOUTPUTS  One output with one feature per class.
demand(iscellstr(net.outputs) && numel(net.outputs) == 1, 'fieldSize', 'outputs', ...
       net.outputs, 'a 1-by-1 cell array with the name of a layer');
found = find(strcmp(net.outputs, {net.layers.Name}));
if isempty(found)
    error('cifarx:check:unknownOutput', ...
          'the output is ''%s'', expected the name of one of the %d layers', ...
          net.outputs{1}, numel(net.layers));
end
checkClasses(net.classes);
if ~isequal(shapes{found}, numel(net.classes))
    error('cifarx:check:classCount', ...
          ['there are %d classes, but the output ''%s'' is %s; expected one feature per ' ...
           'class'], numel(net.classes), net.outputs{1}, ...
          cifarx.internal.message.shapeText([shapes{found}, 1]));
end
end
