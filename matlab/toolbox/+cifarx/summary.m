function info = summary(net)
%SUMMARY  Print or return a table of a network's layers.
%
%   CIFARX.SUMMARY(NET) prints one line per input and one per layer of NET, a network returned by
%   CIFARX.LOAD: number, name, type, size of the output for one observation, and the learnable
%   arrays with their sizes. Then come the outputs, unless there is one vector of classes, and the
%   total number of learnables. In the sizes, S is a spatial dimension, C the channels and B the
%   batch, as in analyzeNetwork.
%
%   INFO = CIFARX.SUMMARY(NET) prints nothing and returns the same as a structure:
%
%     layers      1-by-(I+L) structure array, the I inputs first, with the fields
%                   Name         layer name, char
%                   Type         layer kind, char; for an input 'ImageInput', 'SignalInput' or
%                                'FeatureInput'
%                   OutputSize   [H W C] (maps) or F (features), for one observation; [L C] for
%                                a signal, which layers see as maps of one row
%                   Learnables   structure with the size of each learnable array
%                   State        structure with the sizes of TrainedMean and TrainedVariance,
%                                which training updates without gradients
%                   Count        number of learnable values
%     learnables  sum of Count
%     outputs     1-by-O structure array with Name, Layer and OutputSize of the outputs
%     classes     number of classes
%
%   The arrays of a ScalingLayer or PowerLayer are not learnable in Deep Learning Toolbox, and not
%   counted here.
%
%   Example:
%      net = cifarx.load('model.mat');
%      cifarx.summary(net)
%
%   See also cifarx.load, cifarx.predict.

cifarx.internal.check.requireArguments(nargin, 1, 'summary');
cifarx.internal.check.requireNetwork(net, 'summary');
try
    shapes = cifarx.internal.check.checkLayers(net);
catch problem
    cifarx.internal.message.explain(problem, net, 'summary');
end
empty = struct('Name', '', 'Type', '', 'OutputSize', [], 'Learnables', struct(), ...
               'State', struct(), 'Count', 0);
given = numel(net.inputs);
info.layers = repmat(empty, 1, given + numel(net.layers));
types = struct('SSCB', 'ImageInput', 'SCB', 'SignalInput', 'CB', 'FeatureInput');
for i = 1:given
    info.layers(i).Name = net.inputs(i).Name;
    info.layers(i).Type = types.(net.inputs(i).Format);
    info.layers(i).OutputSize = double(net.inputs(i).Size);
end
for i = 1:numel(net.layers)
    row = empty;
    row.Name = net.layers(i).Name;
    row.Type = net.layers(i).Kind;
    row.OutputSize = shapes{i};
    [row.Learnables, row.State, row.Count] = arraysOf(net.layers(i));
    info.layers(given + i) = row;
end
info.outputs = struct('Name', {net.outputs.Name}, 'Layer', {net.outputs.Layer}, ...
                      'OutputSize', {net.outputs.Size});
info.learnables = sum([info.layers.Count]);
info.classes = numel(net.classes);
if nargout == 0
    show(net, info);
    clear info;
end
end

function [learnables, state, count] = arraysOf(layer)
%ARRAYSOF  Sizes of a layer's arrays, and its number of learnable values.
learnables = struct();
state = struct();
count = 0;
[~, arrays] = cifarx.internal.vocabulary(layer.Kind);
for i = 1:numel(arrays)
    value = layer.(arrays{i});
    if strncmp(arrays{i}, 'Trained', 7)
        state.(arrays{i}) = size(value);
    elseif ~any(strcmp(layer.Kind, {'ScalingLayer', 'PowerLayer'}))
        learnables.(arrays{i}) = size(value);
        count = count + numel(value);
    end
end
end

function show(net, info)
%SHOW  Print the table.
rows = numel(info.layers);
cells = cell(rows + 1, 5);
cells(1, :) = {'', 'Name', 'Type', 'Output size', 'Learnables'};
for i = 1:rows
    row = info.layers(i);
    type = regexprep(row.Type, 'Layer$', '');
    cells(i + 1, :) = {sprintf('%d', i), row.Name, type, activation(row.OutputSize), ...
                       sizes(row.Learnables)};
end
widths = max(cellfun(@numel, cells), [], 1);
fprintf('%s, %d layers, %s\n\n', title(net), numel(net.layers), purpose(net));
for i = 1:rows + 1
    line = sprintf('%*s  %-*s  %-*s  %-*s  %s', widths(1), cells{i, 1}, widths(2), cells{i, 2}, ...
                   widths(3), cells{i, 3}, widths(4), cells{i, 4}, cells{i, 5});
    fprintf('%s\n', deblank(line));
end
fprintf('\n');
if ~strcmp(net.task, 'classification')
    for o = 1:numel(info.outputs)
        fprintf('%s: %s, output of layer %s\n', info.outputs(o).Name, ...
                activation(info.outputs(o).OutputSize), info.outputs(o).Layer);
    end
end
fprintf('%s learnables in total\n', grouped(info.learnables));
end

function text = purpose(net)
%PURPOSE  The task of the network.
switch net.task
    case 'classification'
        text = sprintf('%d classes', numel(net.classes));
    case 'segmentation'
        text = sprintf('%d classes of pixels', numel(net.classes));
    otherwise
        text = net.task;
end
end

function text = title(net)
%TITLE  Name of the network.
text = net.format.model;
if isempty(text)
    text = 'network';
end
end

function text = activation(shape)
%ACTIVATION  Size of an output, as analyzeNetwork shows it.
formats = {'1(B)', '%d(C) x 1(B)', '%d(S) x %d(C) x 1(B)', '%d(S) x %d(S) x %d(C) x 1(B)'};
if numel(shape) < numel(formats)
    text = sprintf(formats{numel(shape) + 1}, shape);
else
    text = [strrep(cifarx.internal.message.shapeText(shape), '-by-', ' x '), ' x 1(B)'];
end
end

function text = sizes(arrays)
%SIZES  Names and sizes of arrays.
names = fieldnames(arrays);
texts = cell(1, numel(names));
for i = 1:numel(names)
    extent = cifarx.internal.message.shapeText(arrays.(names{i}));
    texts{i} = [names{i} ' ' strrep(extent, '-by-', ' x ')];
end
text = strjoin(texts, ', ');
end

function text = grouped(number)
%GROUPED  A number with thousands separators.
text = regexprep(sprintf('%d', number), '(\d)(?=(\d{3})+$)', '$1,');
end
