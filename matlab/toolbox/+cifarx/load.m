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
%   Example:
%      net = cifarx.load('model.mat');
%      scores = cifarx.predict(net, net.test.images);
%
%   See also cifarx.predict, cifarx.verify.

file = cifarx.internal.fileName(file, 'cifarx:load:fileName');
if exist(file, 'file') ~= 2
    error('cifarx:load:fileNotFound', ...
          ['There is no file ''%s'' (current folder: %s). Export one with ' ...
           '''cifarx export --mat'', or give its full path.'], file, pwd());
end
try
    content = builtin('load', file, '-mat');
catch reason
    error('cifarx:load:notAMatFile', ...
          ['''%s'' is not a MAT-file that can be read, or was cut short (%s). ' ...
           'Export it again.'], file, reason.message);
end
known = isfield(content, 'format') && isfield(content.format, 'name');
if ~known || ~isequal(content.format.name, 'cifarx')
    error('cifarx:load:notCifarx', ...
          '''%s'' is a MAT-file, but not a network written by cifarx.', file);
end
if content.format.version > 1
    error('cifarx:load:newerFormat', ...
          ['''%s'' is in version %g of the format; this toolbox reads up to ' ...
           'version 1. Update the toolbox (''cifarx matlab-path'' prints where ' ...
           'the newest one is).'], file, content.format.version);
end
fields = {'format', 'input', 'layers', 'outputs', 'classes', 'test'};
for i = 1:numel(fields)
    if ~isfield(content, fields{i})
        error('cifarx:load:missingField', ...
              '''%s'' has no variable ''%s''; it was damaged or edited. Export it again.', ...
              file, fields{i});
    end
    net.(fields{i}) = content.(fields{i});
end
decode = @cifarx.internal.decodeText;
net.format = structfun(decode, net.format, 'UniformOutput', false);
net.classes = cellfun(decode, net.classes, 'UniformOutput', false);
for i = 1:numel(net.layers)
    net.layers(i).Module = decode(net.layers(i).Module);
    if isstruct(net.layers(i).Source)
        net.layers(i).Source = structfun(decode, net.layers(i).Source, 'UniformOutput', false);
    end
end
end
