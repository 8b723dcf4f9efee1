function checkNetwork(net)
%CHECKNETWORK  Refuse an invalid network.
%
%   CIFARX.INTERNAL.CHECK.CHECKNETWORK(NET) checks the classes, sizes and values of everything that
%   export/README.md lists. It raises an error 'cifarx:check:REASON' that states what was found and
%   what was expected. The sizes are followed through the layers without computing anything.

requireFields = @cifarx.internal.check.requireFields;
requireFields(net.format, 'format', {'name', 'version', 'producer', 'model', 'recipe', ...
                                     'checkpoint_sha256', 'onnx_sha256', 'arrays_sha256'});
requireFields(net.inputs, 'inputs', {'Name', 'Size', 'Format', 'Normalization', 'Mean', ...
                                     'StandardDeviation'});
requireFields(net.layers, 'layers', {'Name', 'Kind', 'Inputs', 'Module', 'Source'});
requireFields(net.outputs, 'outputs', {'Layer', 'Name', 'Size', 'Format'});
requireFields(net.test, 'test', {'images', 'inputs', 'labels', 'outputs', 'reference'});
checkFormat(net.format);
cifarx.internal.interface.checkInputs(net.inputs);
shapes = cifarx.internal.check.checkLayers(net);
checkSources(net.layers);
cifarx.internal.interface.checkOutputs(net, shapes);
cifarx.internal.interface.checkTest(net);
end

function checkFormat(form)
%CHECKFORMAT  All fields are text, except the version.
demand = @cifarx.internal.check.demand;
demand(isnumeric(form.version) && isreal(form.version) && numel(form.version) == 1, ...
       'fieldClass', 'format.version', form.version, 'a number');
keys = setdiff(fieldnames(form), {'version'}).';
for i = 1:numel(keys)
    demand(cifarx.internal.check.isText(form.(keys{i})), 'fieldClass', ['format.' keys{i}], ...
           form.(keys{i}), 'char');
end
end

function checkSources(layers)
%CHECKSOURCES  Module and Source are text, and Source names only arrays of the layer's kind.
demand = @cifarx.internal.check.demand;
isText = @cifarx.internal.check.isText;
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
