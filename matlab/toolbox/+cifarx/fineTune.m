function [tuned, trained] = fineTune(net, data, varargin)
%FINETUNE  Continue training a network on your own images.
%
%   TUNED = CIFARX.FINETUNE(NET, X, LABELS) trains the network NET on the images X and returns it
%   with the new weights, for CIFARX.PREDICT, CIFARX.SAVE and the other functions.
%
%   TUNED = CIFARX.FINETUNE(NET, IMDS) trains on a labeled imageDatastore.
%
%   TUNED = CIFARX.FINETUNE(..., NAME, VALUE) also sets training options.
%
%   [TUNED, TRAINED] = CIFARX.FINETUNE(...) also returns the trained dlnetwork.
%
%   Input arguments:
%     NET     network returned by CIFARX.LOAD, or the name of a model.mat
%     X       images, H-by-W-by-C-by-N, uint8 pixels 0..255, which the network normalizes. If
%             NET.input.Normalization is 'none', X is single and already normalized.
%     LABELS  N labels: class numbers from 1, or class names as cell array of char or
%             categorical. The classes keep the order of the file.
%     IMDS    imageDatastore; its images are resized to the size of the network, and its labels
%             must be names in NET.classes
%
%   Name-value arguments, as for trainingOptions:
%     'MaxEpochs'             default 5
%     'InitialLearnRate'      default 0.001
%     'MiniBatchSize'         default 64
%     'L2Regularization'      default 0.0005
%     'Plots'                 'none' (default) or 'training-progress'
%     'Verbose'               default true
%     'ExecutionEnvironment'  default 'auto'
%
%   The network is trained by trainnet, or by trainNetwork before R2023b, with stochastic gradient
%   descent of momentum 0.9 and the cross-entropy of softmax. Images are shuffled every epoch. The
%   normalization is not recomputed, and batch normalization layers keep moving statistics, as in
%   PyTorch. Deep Learning Toolbox is needed.
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
    labels = [];
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
    given = {data, labels};
    try
        trained = trainNetwork(given{1:1 + fromArray}, graph, options);
    catch problem
        requireTrainable(net, problem);
        rethrow(problem);
    end
end
graph = layerGraph(trained);
if ~isempty(added)
    graph = removeLayers(graph, added);
end
trained = dlnetwork(graph);
tuned = cifarx.internal.build.fromDlnetwork(trained, net);
end

function requireTrainable(net, problem)
%REQUIRETRAINABLE  Explain the error if trainNetwork cannot train layers of features.
% It keeps features as maps of one pixel, 1-by-1-by-C, and then their arrays do not fit.
kinds = {'BatchNormalizationLayer', 'LayerNormalizationLayer', 'PReLULayer', ...
         'ConcatenationLayer'};
onFeatures = cellfun(@numel, cifarx.internal.check.checkLayers(net)) == 1;
misfits = net.layers(onFeatures & ismember({net.layers.Kind}, kinds));
if ~isempty(misfits)
    error('cifarx:fineTune:release', ...
          ['trainNetwork of this MATLAB cannot train the network, probably because layer ' ...
           '''%s'' is a %s of features: %s Use R2023b or newer, which has trainnet.'], ...
          misfits(1).Name, misfits(1).Kind, problem.message);
end
end

function options = optionsOf(given, before)
%OPTIONSOF  Training options; those on which cifarx depends are fixed.
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
%REQUIRESOUND  Refuse invalid values of options.
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
%REQUIREIMAGES  Refuse images whose size or class does not fit the input layer.
found = [size(X, 1), size(X, 2), size(X, 3)];
if isempty(X)
    error('cifarx:fineTune:imageSize', ...
          'There are no images in X, which is %s; training needs one or more.', ...
          cifarx.internal.message.sizeText(X));
end
if ~isequal(found, double(net.input.InputSize(:).')) || ndims(X) > 4
    error('cifarx:fineTune:imageSize', ...
          ['The network takes images of %d-by-%d-by-%d (height, width, channels), but X ' ...
           'is %s. Resize them with imresize, or pass an imageDatastore.'], ...
          net.input.InputSize, strrep(mat2str(size(X)), ' ', '-by-'));
end
wanted = 'uint8';
meaning = 'pixels 0..255; the network normalizes them';
if strcmp(net.input.Normalization, 'none')
    wanted = 'single';
    meaning = 'already normalized, because the file does not state how';
end
if ~isa(X, wanted)
    error('cifarx:fineTune:imageClass', 'X must be %s (%s), but is %s.', ...
          wanted, meaning, class(X));
end
end

function labels = labelsOf(given, classes, count)
%LABELSOF  Categories in the order of the file, one per image.
if isnumeric(given)
    sound = all(ismember(given(:), 1:numel(classes)));
    if sound
        given = classes(double(given(:)));
    end
else
    try
        given = cellstr(given);  % also from char, string or categorical
        sound = all(ismember(given, classes));
    catch
        sound = false;
    end
end
if ~sound
    error('cifarx:fineTune:labels', ...
          ['Labels must be class numbers from 1 to %d, or names of the network''s ' ...
           'classes: %s.'], numel(classes), strjoin(classes, ', '));
end
if numel(given) ~= count
    error('cifarx:fineTune:labels', 'There are %d labels for %d images.', numel(given), count);
end
labels = categorical(given(:), classes);
end

function data = prepared(data, net)
%PREPARED  An imageDatastore with the classes of the file and the network's image size.
% https://www.mathworks.com/help/deeplearning/ref/augmentedimagedatastore.html
if ~isa(data, 'matlab.io.datastore.ImageDatastore')
    error('cifarx:fineTune:data', ...
          'Data must be images (H-by-W-by-C-by-N uint8) or an imageDatastore, not a %s.', ...
          class(data));
end
if strcmp(net.input.Normalization, 'none')
    error('cifarx:fineTune:normalization', ...
          ['The file of this network does not state how pixels are normalized. Pass normalized ' ...
           'images as a single array, or export it again with --mean and --std.']);
end
data = copy(data);  % a handle object: do not change the caller's labels
data.Labels = labelsOf(data.Labels, net.classes, numel(data.Files));
color = 'gray2rgb';
if net.input.InputSize(3) == 1
    color = 'rgb2gray';
end
data = augmentedImageDatastore(net.input.InputSize(1:2), data, 'ColorPreprocessing', color);
end

function [graph, added] = withSoftmax(net)
%WITHSOFTMAX  The network with softmax after its logits, which cross-entropy needs.
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
%WITHCLASSIFICATION  The output layer that trainNetwork needs, with the classes of the file.
source = setdiff({graph.Layers.Name}, graph.Connections.Source);
graph = addLayers(graph, classificationLayer('Name', 'cifarxClasses', ...
                                             'Classes', categorical(classes, classes)));
graph = connectLayers(graph, source{1}, 'cifarxClasses');
added = [added, {'cifarxClasses'}];
end
