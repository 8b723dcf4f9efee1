function checkOutputs(net, shapes)
%CHECKOUTPUTS  Refuse outputs, a task and classes that do not fit the layers or each other.
%
%   CIFARX.INTERNAL.INTERFACE.CHECKOUTPUTS(NET, SHAPES) checks net.outputs, net.task and
%   net.classes. SHAPES are the sizes of the outputs of all layers, from
%   CIFARX.INTERNAL.CHECK.CHECKLAYERS. The errors are 'cifarx:check:REASON'.

for o = 1:numel(net.outputs)
    checkOne(net.outputs(o), o, net.layers, shapes);
end
names = {net.outputs.Name};
[~, order] = unique(names);
if numel(order) < numel(names)
    error('cifarx:check:doubledName', 'two outputs are called ''%s'', expected unique names', ...
          names{find(~ismember(1:numel(names), order), 1)});
end
tasks = {'classification', 'segmentation', 'regression'};
cifarx.internal.check.demand(ischar(net.task) && any(strcmp(net.task, tasks)), 'fieldValue', ...
                             'task', net.task, ['''' strjoin(tasks, ''' or ''') '''']);
checkClasses(net.classes, net.task);
checkTask(net);
end

function checkOne(output, o, layers, shapes)
%CHECKONE  An output is as large as the layer that gives it.
demand = @cifarx.internal.check.demand;
label = @(key) sprintf('outputs(%d).%s', o, key);
demand(ischar(output.Name) && isvarname(output.Name), 'fieldValue', label('Name'), ...
       output.Name, 'the name of a variable of MATLAB');
demand(ischar(output.Layer), 'fieldClass', label('Layer'), output.Layer, 'char');
extent = output.Size;
demand(isa(extent, 'double') && isreal(extent) && ~issparse(extent) && ...
       (isempty(extent) || size(extent, 1) == 1 && ndims(extent) == 2) && ...
       all(extent >= 1 & extent == fix(extent)), 'fieldSize', label('Size'), extent, ...
       'a row of whole numbers of 1 or more, or []'); %#ok<ISMAT>
formats = {'', 'CB', 'SCB', 'SSCB', ''};
wanted = formats{1 + min(numel(extent), 4)};
demand(ischar(output.Format) && strcmp(output.Format, wanted), 'fieldValue', label('Format'), ...
       output.Format, sprintf('''%s'', because its Size has %d elements', wanted, numel(extent)));
found = find(strcmp(output.Layer, {layers.Name}));
if isempty(found)
    error('cifarx:check:unknownOutput', ...
          'the output is ''%s'', expected the name of one of the %d layers', ...
          output.Layer, numel(layers));
end
if prod(extent) ~= prod(shapes{found})
    error('cifarx:check:outputSize', ...
          'the output ''%s'' is of %s, but its layer ''%s'' gives %s', output.Name, ...
          cifarx.internal.message.shapeText([extent, ones(1, isempty(extent))]), output.Layer, ...
          cifarx.internal.message.shapeText(shapes{found}));
end
end

function checkClasses(classes, task)
%CHECKCLASSES  A row of unique, non-empty names; none for a regression.
demand = @cifarx.internal.check.demand;
demand(iscell(classes), 'fieldClass', 'classes', classes, 'a cell array of names');
if strcmp(task, 'regression')
    demand(isempty(classes), 'fieldSize', 'classes', classes, ...
           'no names, because task is ''regression''');
    return
end
demand(size(classes, 1) == 1 && ndims(classes) == 2 && ~isempty(classes), 'fieldSize', ...
       'classes', classes, 'a 1-by-K cell array of names'); %#ok<ISMAT>
for i = 1:numel(classes)
    label = sprintf('classes{%d}', i);
    demand(cifarx.internal.check.isText(classes{i}) && ~isempty(classes{i}), 'fieldClass', ...
           label, classes{i}, 'char with one or more letters');
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

function checkTask(net)
%CHECKTASK  A classifier gives one number per class, a segmentation one map per class.
if strcmp(net.task, 'regression')
    return
end
kinds = {'CB', 'a vector'};
each = 'feature';
if strcmp(net.task, 'segmentation')
    kinds = {'SSCB', 'maps'};
    each = 'map';
end
if numel(net.outputs) ~= 1 || ~strcmp(net.outputs.Format, kinds{1})
    error('cifarx:check:task', ...
          ['task is ''%s'', which needs one output of %s (Format ''%s''), but there are ' ...
           '%d outputs, the first of Format ''%s'''], net.task, kinds{2}, kinds{1}, ...
          numel(net.outputs), net.outputs(1).Format);
end
if net.outputs.Size(end) ~= numel(net.classes)
    error('cifarx:check:classCount', ...
          ['there are %d classes, but the output ''%s'' is %s; expected one %s per ' ...
           'class'], numel(net.classes), net.outputs.Layer, ...
          cifarx.internal.message.shapeText(net.outputs.Size), each);
end
end
