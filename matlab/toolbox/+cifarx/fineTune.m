function [tuned, trained] = fineTune(net, data, varargin)
%FINETUNE  Train a network from cifarx further, on images of one's own.
%
%   TUNED = CIFARX.FINETUNE(NET, X, LABELS) trains NET, as returned by CIFARX.LOAD, on
%   the H-by-W-by-C-by-N images X and their N LABELS, and returns it with the new
%   weights, for CIFARX.PREDICT, CIFARX.SAVE and all the rest. X is uint8 pixels 0..255,
%   which the network normalises as its file says; where NET.input.Normalization is
%   'none', X is single and normalised already. LABELS are class numbers from 1, or
%   class names (cell array of char, or categorical); classes keep the file's order.
%
%   TUNED = CIFARX.FINETUNE(NET, IMDS) trains on a labelled imageDatastore; its images
%   are resized to those of the network, and its labels must be names in NET.classes.
%
%   TUNED = CIFARX.FINETUNE(..., NAME, VALUE) sets training options: 'MaxEpochs' (5),
%   'InitialLearnRate' (0.001), 'MiniBatchSize' (64), 'L2Regularization' (0.0005),
%   'Plots' ('none' or 'training-progress'), 'Verbose' (true), 'ExecutionEnvironment'
%   ('auto'), as trainingOptions takes them.
%
%   [TUNED, TRAINED] = CIFARX.FINETUNE(...) returns the trained dlnetwork, too.
%
%   Training is by trainnet, or trainNetwork before R2023b: stochastic gradient descent
%   with momentum 0.9, cross-entropy of softmax, images shuffled every epoch. The
%   normalisation is never computed anew, and batch normalization layers keep moving
%   statistics, as in PyTorch. Deep Learning Toolbox is needed.
%
%   Example:
%      net = cifarx.load('model.mat');
%      tuned = cifarx.fineTune(net, net.test.images, net.test.labels, 'MaxEpochs', 2);
%      cifarx.save(tuned, 'tuned.mat');
%
%   See also cifarx.dlnetwork, cifarx.save, trainnet, trainingOptions.

cifarx.internal.check.requireArguments(nargin, 2, 'fineTune');
modern = exist('trainnet'); %#ok<EXIST> since R2023b
if ~modern
    cifarx.internal.check.requireToolbox('fineTune', 'trainNetwork', 'Deep Learning Toolbox');
end
net = cifarx.internal.networkOf(net, 'fineTune');
fromArray = isnumeric(data);
if fromArray
    if isempty(varargin)
        error('cifarx:fineTune:labels', ...
              'Images X need labels: cifarx.fineTune(net, X, labels).');
    end
    requireImages(data, net);
    labels = labelsOf(varargin{1}, net.classes, size(data, 4));
    varargin(1) = [];
    data = single(data);
else
    data = prepared(data, net);
end
options = optionsOf(varargin, nargin - numel(varargin));

[graph, added] = withSoftmax(net);
if modern
    if fromArray
        trained = trainnet(data, labels, dlnetwork(graph), 'crossentropy', options);
    else
        trained = trainnet(data, dlnetwork(graph), 'crossentropy', options);
    end
else
    [graph, added] = withClassification(graph, added, net.classes);
    if fromArray
        trained = trainNetwork(data, labels, graph, options);
    else
        trained = trainNetwork(data, graph, options);
    end
end
graph = layerGraph(trained);
if ~isempty(added)
    graph = removeLayers(graph, added);
end
trained = dlnetwork(graph);
tuned = cifarx.internal.build.fromDlnetwork(trained, net);
end

function options = optionsOf(given, before)
%OPTIONSOF  Training options; what cifarx must have is not for the user to change.
% https://www.mathworks.com/help/deeplearning/ref/trainingoptions.html
chosen = struct('MaxEpochs', 5, 'InitialLearnRate', 0.001, 'MiniBatchSize', 64, ...
                'L2Regularization', 0.0005, 'Plots', 'none', 'Verbose', true, ...
                'ExecutionEnvironment', 'auto');
chosen = cifarx.internal.nameValues(given, chosen, 'fineTune', before);
requireSound(chosen);
options = trainingOptions('sgdm', 'Momentum', 0.9, 'MaxEpochs', chosen.MaxEpochs, ...
                          'InitialLearnRate', chosen.InitialLearnRate, ...
                          'MiniBatchSize', chosen.MiniBatchSize, ...
                          'L2Regularization', chosen.L2Regularization, ...
                          'Plots', chosen.Plots, 'Verbose', logical(chosen.Verbose), ...
                          'ExecutionEnvironment', chosen.ExecutionEnvironment, ...
                          'Shuffle', 'every-epoch', 'ResetInputNormalization', false, ...
                          'BatchNormalizationStatistics', 'moving');
end

function requireSound(chosen)
%REQUIRESOUND  Refuse values that are not what their option takes.
isNumber = @(x) isnumeric(x) && isreal(x) && isscalar(x) && isfinite(x);
isCount = @(n) isNumber(n) && n >= 1 && n == fix(n);
count = 'a whole number of 1 or more';
rules = {'MaxEpochs', isCount, count; ...
         'InitialLearnRate', @(x) isNumber(x) && x > 0, 'a number above 0'; ...
         'MiniBatchSize', isCount, count; ...
         'L2Regularization', @(x) isNumber(x) && x >= 0, 'a number of 0 or more'; ...
         'Plots', @(p) any(strcmp(p, {'none', 'training-progress'})), ...
         '''none'' or ''training-progress'''; ...
         'Verbose', @(v) isscalar(v) && (islogical(v) || isNumber(v)), 'true or false'; ...
         'ExecutionEnvironment', @(e) ischar(e) && size(e, 1) == 1, 'a word such as ''auto'''};
for i = 1:size(rules, 1)
    [name, sound, wanted] = rules{i, :};
    if ~sound(chosen.(name))
        error('cifarx:fineTune:option', '''%s'' must be %s, but is %s.', name, wanted, ...
              cifarx.internal.message.valueText(chosen.(name)));
    end
end
end

function requireImages(X, net)
%REQUIREIMAGES  Images of the network's size, and of the class that its input layer takes.
found = [size(X, 1), size(X, 2), size(X, 3)];
if isempty(X)
    error('cifarx:fineTune:imageSize', ...
          'There are no images in X, which is %s; training takes one or more.', ...
          cifarx.internal.message.sizeText(X));
end
if ~isequal(found, double(net.input.InputSize(:).')) || ndims(X) > 4
    error('cifarx:fineTune:imageSize', ...
          ['The network takes images of %d-by-%d-by-%d (height, width, channels), but X ' ...
           'is %s. Resize them with imresize, or give an imageDatastore.'], ...
          net.input.InputSize, strrep(mat2str(size(X)), ' ', '-by-'));
end
wanted = 'uint8';
meaning = 'pixels 0..255; the network normalises them itself';
if strcmp(net.input.Normalization, 'none')
    wanted = 'single';
    meaning = 'normalised already, for the file does not say how';
end
if ~isa(X, wanted)
    error('cifarx:fineTune:imageClass', 'X must be %s (%s), but is %s.', ...
          wanted, meaning, class(X));
end
end

function labels = labelsOf(given, classes, count)
%LABELSOF  Categories in the file's order, one an image.
if isnumeric(given)
    sound = all(ismember(given(:), 1:numel(classes)));
    if sound
        given = classes(double(given(:)));
    end
else
    try
        given = cellstr(given);  % of char, string or categorical, too
        sound = all(ismember(given, classes));
    catch
        sound = false;
    end
end
if ~sound
    error('cifarx:fineTune:labels', ...
          ['Labels must be class numbers from 1 to %d, or names out of the network''s ' ...
           'classes: %s.'], numel(classes), strjoin(classes, ', '));
end
if numel(given) ~= count
    error('cifarx:fineTune:labels', 'There are %d labels for %d images.', numel(given), count);
end
labels = categorical(given(:), classes);
end

function data = prepared(data, net)
%PREPARED  An imageDatastore with the file's classes and the network's image size.
% https://www.mathworks.com/help/deeplearning/ref/augmentedimagedatastore.html
if ~isa(data, 'matlab.io.datastore.ImageDatastore')
    error('cifarx:fineTune:data', ...
          'Data must be images (H-by-W-by-C-by-N uint8) or an imageDatastore, not a %s.', ...
          class(data));
end
if strcmp(net.input.Normalization, 'none')
    error('cifarx:fineTune:normalization', ...
          ['The file of this network does not say how pixels are normalised. Give the images ' ...
           'normalised, as a single array, or export it again with --mean and --std.']);
end
data = copy(data);  % a handle: the user's own keeps its labels
data.Labels = labelsOf(data.Labels, net.classes, numel(data.Files));
colour = 'gray2rgb';
if net.input.InputSize(3) == 1
    colour = 'rgb2gray';
end
data = augmentedImageDatastore(net.input.InputSize(1:2), data, 'ColorPreprocessing', colour);
end

function [graph, added] = withSoftmax(net)
%WITHSOFTMAX  The network with softmax behind its logits, which cross-entropy asks for.
graph = layerGraph(cifarx.dlnetwork(net));
last = net.layers(strcmp(net.outputs{1}, {net.layers.Name}));
added = {};
if ~strcmp(last.Kind, 'SoftmaxLayer')
    added = {'cifarxSoftmax'};
    graph = addLayers(graph, softmaxLayer('Name', added{1}));
    graph = connectLayers(graph, last.Name, added{1});
end
end

function [graph, added] = withClassification(graph, added, classes)
%WITHCLASSIFICATION  The output layer that trainNetwork wants, with the file's classes.
source = setdiff({graph.Layers.Name}, graph.Connections.Source);
graph = addLayers(graph, classificationLayer('Name', 'cifarxClasses', ...
                                             'Classes', categorical(classes, classes)));
graph = connectLayers(graph, source{1}, 'cifarxClasses');
added = [added, {'cifarxClasses'}];
end
