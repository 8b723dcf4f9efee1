function net = load(file)
%LOAD  Read and check a network that cifarx exported.
%
%   NET = CIFARX.LOAD(FILE) reads the MAT-file FILE, as written by 'cifarx export --mat' or
%   CIFARX.SAVE, checks it, and returns the network as a structure of plain arrays. No toolbox
%   is needed.
%
%   Input argument:
%     FILE     file name, character row vector or string scalar. If there is no such file and
%              the name has no extension, '.mat' is added. The MATLAB path is not searched.
%
%   Output argument, a 1-by-1 structure:
%     format   who wrote the file, and digests of the weights
%     inputs   1-by-I structure array: Name; Size and Format, which tell the layout of the arrays
%              that CIFARX.PREDICT takes, [H W C] and 'SSCB' (images H-by-W-by-C-by-N), [L C] and
%              'SCB' (signals L-by-C-by-N) or F and 'CB' (features F-by-N); Normalization,
%              'zscore' or 'none'; Mean and StandardDeviation, 1-by-1-by-C single in units of
%              pixels 0..255, empty for 'none'
%     layers   1-by-L structure array: Name, Kind, Inputs, and the properties of the Deep
%              Learning Toolbox layer of that kind. A signal enters the layers as maps of one row
%     outputs  1-by-O structure array: Layer, the name of the layer that gives it; Name; Size and
%              Format as for inputs. Outputs of other ranks have the Format '' and are Size-by-N
%     task     'classification', 'segmentation' (one class per pixel) or 'regression'
%     classes  1-by-K cell array of class names, 1-by-0 for a regression
%     test     images, H-by-W-by-C-by-N uint8 (empty if no Normalization is 'zscore'); inputs, as
%              CIFARX.PREDICT takes them, normalized, single; labels, 1-by-N class numbers from 1
%              (segmentation: H-by-W-by-N, 0 for pixels without label); outputs and reference,
%              Size-by-N, the outputs of PyTorch in float32 and float64. With several inputs or
%              outputs these are 1-by-I or 1-by-O cell arrays
%
%   Files of version 1, which hold one image input and one vector of logits, are returned in the
%   same form.
%
%   FILE must be an uncompressed MAT-file of level 5, which 'cifarx export', CIFARX.SAVE and
%   save('-v6', ...) write. A file with function handles or objects is refused before it is
%   loaded, because loading those can run code. Text outside ASCII is stored as UTF-8 bytes and
%   returned as char.
%
%   The classes, sizes and values of all fields are checked, the sizes are followed through all
%   layers, and the weights and test arrays must be finite. An invalid file raises an error
%   'cifarx:load:REASON' that states what was found and what was expected. REASON is fileName,
%   fileNotFound, notAMatFile, compressed, notPlain, notCifarx, newerFormat, missingField,
%   fieldClass, fieldSize, fieldValue, notFinite, unknownKind, unknownInput, unknownOutput,
%   doubledName, inputCount, inputSize, outputSize, task or classCount.
%
%   Example:
%      net = cifarx.load('model.mat');
%      Y = cifarx.predict(net, net.test.inputs);
%
%   See also cifarx.predict, cifarx.verify, cifarx.save.

cifarx.internal.check.requireArguments(nargin, 1, 'load');
file = cifarx.internal.file.fileName(file, 'cifarx:load:fileName');
[~, ~, extension] = fileparts(file);
if isempty(extension) && ~isfile(file)
    file = [file '.mat'];  % as load and cifarx.save do
end
cifarx.internal.check.requireFile(file, 'load', ...
                                  ['Export one with ''cifarx export --mat'', or give its ' ...
                                   'full path.']);
try
    cifarx.internal.check.requirePlainFile(file);
    content = builtin('load', file, '-mat');
catch problem
    if strncmp(problem.identifier, 'cifarx:', 7)
        cifarx.internal.message.restate(problem, 'load', ['''' file '''']);
    end
    error('cifarx:load:notAMatFile', ...
          ['''%s'' is not a readable MAT-file, or it was cut short (%s). Export it ' ...
           'again.'], file, problem.message);
end
known = isfield(content, 'format') && isfield(content.format, 'name') && ...
        numel(content.format) == 1;
if ~known || ~isequal(content.format.name, 'cifarx')
    error('cifarx:load:notCifarx', ...
          ['''%s'' is a MAT-file, but not a network written by cifarx: expected a variable ' ...
           'format with the name ''cifarx'', found %s.'], file, variables(content));
end
requireVersion(content.format, file);
fields = {'format', 'inputs', 'layers', 'outputs', 'task', 'classes', 'test'};
if content.format.version < 2
    fields = {'format', 'input', 'layers', 'outputs', 'classes', 'test'};
end
for i = 1:numel(fields)
    if ~isfield(content, fields{i})
        error('cifarx:load:missingField', ...
              ['''%s'' has no variable ''%s'', expected %s; it was damaged or edited. ' ...
               'Export it again.'], file, fields{i}, strjoin(fields, ', '));
    end
    net.(fields{i}) = content.(fields{i});
end
net = decoded(net);
try
    if net.format.version < 2
        net = upgraded(net);
    end
    cifarx.internal.check.checkNetwork(net);
catch problem
    cifarx.internal.message.restate(problem, 'load', ['''' file '''']);
end
end

function text = variables(content)
%VARIABLES  The names of the first variables in a file.
names = fieldnames(content);
text = 'no variable';
if ~isempty(names)
    text = ['the variables ' strjoin(names(1:min(6, end)).', ', ')];
end
end

function requireVersion(form, file)
%REQUIREVERSION  Refuse a format that is newer than this toolbox or has no version.
found = [];
if isfield(form, 'version')
    found = form.version;
end
if ~isnumeric(found) || numel(found) ~= 1 || ~(found >= 1)
    reasons = {'missingField', 'fieldClass'};
    error(['cifarx:load:' reasons{isfield(form, 'version') + 1}], ...
          '''%s'': format.version is %s, expected a number such as 2. Export it again.', ...
          file, cifarx.internal.message.valueText(found));
end
if found > 2
    error('cifarx:load:newerFormat', ...
          ['''%s'' is in version %g of the format; this toolbox reads up to ' ...
           'version 2. Update the toolbox (''cifarx matlab-path'' prints its ' ...
           'folder).'], file, found);
end
end

function net = upgraded(net)
%UPGRADED  A network of version 1, one image input and one vector of logits, as one of version 2.
requireFields = @cifarx.internal.check.requireFields;
requireFields(net.input, 'input', {'Name', 'InputSize', 'Normalization', 'Mean', ...
                                   'StandardDeviation'});
requireFields(net.test, 'test', {'images', 'inputs', 'labels', 'logits', 'reference'});
input = net.input;
net.inputs = struct('Name', input.Name, 'Size', {input.InputSize}, 'Format', 'SSCB', ...
                    'Normalization', {input.Normalization}, 'Mean', {input.Mean}, ...
                    'StandardDeviation', {input.StandardDeviation});
cifarx.internal.check.demand(iscellstr(net.outputs) && numel(net.outputs) == 1, 'fieldSize', ...
                             'outputs', net.outputs, ...
                             'a 1-by-1 cell array with the name of a layer'); %#ok<ISCLSTR>
net.outputs = struct('Layer', net.outputs{1}, 'Name', 'logits', 'Size', numel(net.classes), ...
                     'Format', 'CB');
net.task = 'classification';
net.test.outputs = net.test.logits;
net.test = rmfield(net.test, 'logits');
net.format.version = 2;
net = rmfield(net, 'input');
end

function net = decoded(net)
%DECODED  The variables of the file with UTF-8 bytes converted to char.
net.format = fieldsDecoded(net.format);
if iscell(net.classes)
    net.classes = cellfun(@cifarx.internal.file.decodeText, net.classes, 'UniformOutput', false);
end
if isstruct(net.layers) && all(isfield(net.layers, {'Module', 'Source'}))
    for i = 1:numel(net.layers)
        net.layers(i).Module = cifarx.internal.file.decodeText(net.layers(i).Module);
        if isstruct(net.layers(i).Source) && numel(net.layers(i).Source) == 1
            net.layers(i).Source = fieldsDecoded(net.layers(i).Source);
        end
    end
end
end

function texts = fieldsDecoded(texts)
%FIELDSDECODED  A structure with UTF-8 bytes converted to char.
keys = fieldnames(texts);
for k = 1:numel(keys)
    if isa(texts.(keys{k}), 'uint8')
        texts.(keys{k}) = cifarx.internal.file.decodeText(texts.(keys{k}));
    end
end
end
