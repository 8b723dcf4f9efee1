function net = load(file)
%LOAD  Read and check a network that cifarx exported.
%
%   NET = CIFARX.LOAD(FILE) reads the MAT-file FILE, as written by
%   'cifarx export --mat', checks it and returns the network as a structure of
%   plain arrays. No toolbox is needed. NET has the fields
%
%     format   who wrote it, and digests of the weights
%     input    InputSize [H W C], Normalization ('zscore' or 'none'), Mean and
%              StandardDeviation (1-by-1-by-C single, in units of the pixels
%              0..255; empty for 'none')
%     layers   1-by-L structure array: Name, Kind, Inputs and the properties
%              of the Deep Learning Toolbox layer of that kind
%     outputs  1-by-1 cell array with the name of the layer that gives logits
%     classes  1-by-K cell array of class names
%     test     images (empty where they are not to be normalised), the inputs
%              made of them, labels and the logits that PyTorch gives for them
%
%   Text outside ASCII is in the file as its UTF-8 bytes, and is char in NET.
%
%   A name without extension means FILE.mat where there is no such file. The path is not
%   searched.
%
%   The file must be a MAT-file of level 5, not compressed, as 'cifarx export',
%   CIFARX.SAVE and save('-v6', ...) write it. Nothing in it is run: one with function
%   handles or objects, which loading could run, is refused before it is loaded.
%
%   Classes, sizes and values of all fields are checked, sizes through all layers, and
%   weights and test arrays for NaN and Inf. What is not sound gives an error 'cifarx:load:reason'
%   that says what was found and what was expected; reason is fileName, fileNotFound,
%   notAMatFile, compressed, notPlain (function handles, objects), notCifarx,
%   newerFormat, missingField, fieldClass, fieldSize, fieldValue, notFinite,
%   unknownKind, unknownInput, unknownOutput, doubledName, inputCount, inputSize
%   (layers that do not fit together) or classCount.
%
%   Example:
%      net = cifarx.load('model.mat');
%      scores = cifarx.predict(net, net.test.images);
%
%   See also cifarx.predict, cifarx.verify.

cifarx.internal.check.requireArguments(nargin, 1, 'load');
file = cifarx.internal.file.fileName(file, 'cifarx:load:fileName');
[~, ~, extension] = fileparts(file);
if isempty(extension) && ~isfile(file)
    file = [file '.mat'];  % as load and cifarx.save take it
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
          ['''%s'' is not a MAT-file that can be read, or was cut short (%s). ' ...
           'Export it again.'], file, problem.message);
end
known = isfield(content, 'format') && isfield(content.format, 'name') && ...
        numel(content.format) == 1;
if ~known || ~isequal(content.format.name, 'cifarx')
    error('cifarx:load:notCifarx', ...
          ['''%s'' is a MAT-file, but not a network written by cifarx: expected a variable ' ...
           'format with the name ''cifarx'', found %s.'], file, variables(content));
end
requireVersion(content.format, file);
fields = {'format', 'input', 'layers', 'outputs', 'classes', 'test'};
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
    cifarx.internal.check.checkNetwork(net);
catch problem
    cifarx.internal.message.restate(problem, 'load', ['''' file '''']);
end
end

function text = variables(content)
%VARIABLES  The first names of variables in a file.
names = fieldnames(content);
text = 'no variable';
if ~isempty(names)
    text = ['the variables ' strjoin(names(1:min(6, end)).', ', ')];
end
end

function requireVersion(form, file)
%REQUIREVERSION  Refuse a format that is newer than this toolbox, or has no version.
found = [];
if isfield(form, 'version')
    found = form.version;
end
if ~isnumeric(found) || numel(found) ~= 1 || ~(found >= 1)
    reasons = {'missingField', 'fieldClass'};
    error(['cifarx:load:' reasons{isfield(form, 'version') + 1}], ...
          '''%s'': format.version is %s, expected a number such as 1. Export it again.', ...
          file, cifarx.internal.message.valueText(found));
end
if found > 1
    error('cifarx:load:newerFormat', ...
          ['''%s'' is in version %g of the format; this toolbox reads up to ' ...
           'version 1. Update the toolbox (''cifarx matlab-path'' prints where ' ...
           'the newest one is).'], file, found);
end
end

function net = decoded(net)
%DECODED  The variables of the file, text as char. What is no text stays as it is.
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
%FIELDSDECODED  A structure whose bytes are char.
keys = fieldnames(texts);
for k = 1:numel(keys)
    if isa(texts.(keys{k}), 'uint8')
        texts.(keys{k}) = cifarx.internal.file.decodeText(texts.(keys{k}));
    end
end
end
