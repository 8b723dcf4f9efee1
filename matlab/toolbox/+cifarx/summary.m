function info = summary(net)
%SUMMARY  Print or return a table of a network's layers.
%
%   CIFARX.SUMMARY(NET) prints one line for the input and one per layer of NET, a network
%   returned by CIFARX.LOAD: number, name, type, size of the output for one image, and the
%   learnable arrays with their sizes. The last line is the total number of learnables. In the
%   sizes, S is a spatial dimension, C the channels and B the batch, as in analyzeNetwork.
%
%   INFO = CIFARX.SUMMARY(NET) prints nothing and returns the same as a structure:
%
%     layers      1-by-(L+1) structure array, the input first, with the fields
%                   Name         layer name, char
%                   Type         layer kind, char; 'ImageInput' for the input
%                   OutputSize   [H W C] (maps) or F (features), for one image
%                   Learnables   structure with the size of each learnable array
%                   State        structure with the sizes of TrainedMean and TrainedVariance,
%                                which training updates without gradients
%                   Count        number of learnable values
%     learnables  sum of Count
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
first = struct('Name', net.input.Name, 'Type', 'ImageInput', ...
               'OutputSize', double(net.input.InputSize), 'Learnables', struct(), ...
               'State', struct(), 'Count', 0);
info.layers = repmat(first, 1, numel(net.layers) + 1);
for i = 1:numel(net.layers)
    row = first;
    row.Name = net.layers(i).Name;
    row.Type = net.layers(i).Kind;
    row.OutputSize = shapes{i};
    [row.Learnables, row.State, row.Count] = arraysOf(net.layers(i));
    info.layers(i + 1) = row;
end
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
fprintf('%s, %d layers, %d classes\n\n', title(net), rows - 1, info.classes);
for i = 1:rows + 1
    line = sprintf('%*s  %-*s  %-*s  %-*s  %s', widths(1), cells{i, 1}, widths(2), cells{i, 2}, ...
                   widths(3), cells{i, 3}, widths(4), cells{i, 4}, cells{i, 5});
    fprintf('%s\n', deblank(line));
end
fprintf('\n%s learnables in total\n', grouped(info.learnables));
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
if numel(shape) == 3
    text = sprintf('%d(S) x %d(S) x %d(C) x 1(B)', shape);
else
    text = sprintf('%d(C) x 1(B)', shape);
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
