function [tuned, trained] = fineTune(net, data, varargin)
%FINETUNE  Continue training a network on your own data.
%
%   TUNED = CIFARX.FINETUNE(NET, X, TARGETS) trains the network NET on the inputs X and returns it
%   with the new weights, for CIFARX.PREDICT, CIFARX.SAVE and the other functions.
%
%   TUNED = CIFARX.FINETUNE(NET, IMDS) trains a classifier of images on a labeled imageDatastore.
%
%   TUNED = CIFARX.FINETUNE(..., NAME, VALUE) also sets training options.
%
%   [TUNED, TRAINED] = CIFARX.FINETUNE(...) also returns the trained dlnetwork.
%
%   Input arguments:
%     NET      network returned by CIFARX.LOAD, or the name of a model.mat, with one input and one
%              output. To train a network with several, use the dlnetwork of CIFARX.DLNETWORK in a
%              training loop of your own and return its weights with CIFARX.SAVE.
%     X        array in the layout of CIFARX.PREDICT. Images are H-by-W-by-C-by-N uint8 pixels
%              0..255, which the network normalizes; if NET.inputs.Normalization is 'none', they are
%              single and already normalized, as signals and features are.
%     TARGETS  by NET.task:
%                'classification'  N labels: class numbers from 1, or class names as cell array of
%                                  char or categorical. The classes keep the order of the file.
%                'segmentation'    class numbers of the pixels, H-by-W-by-N, from 1; 0 for pixels
%                                  without label, which do not count
%                'regression'      the numbers that the output is to have, NET.outputs.Size by N
%     IMDS     imageDatastore; its images are resized to the size of the network, and its labels
%              must be names in NET.classes
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
%   descent of momentum 0.9. The loss is the cross-entropy of softmax for classes, in a segmentation
%   its mean over the labeled pixels, and half the mean squared error for numbers. (trainNetwork
%   sums the squared errors of maps instead of averaging them, so choose a smaller learn rate.)
%   Inputs are shuffled every epoch. The normalization is not recomputed, and
%   batch normalization layers keep moving statistics, as in PyTorch. Deep Learning Toolbox is
%   needed; for a segmentation before R2023b also Computer Vision Toolbox.
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
requireOneOfEach(net);
fromArray = isnumeric(data);
if fromArray
    if isempty(varargin)
        error('cifarx:fineTune:labels', ...
              'Inputs X need labels or targets: cifarx.fineTune(net, X, targets).');
    end
    requireArray(data, net);
    count = cifarx.internal.layout.countOf(data, net.inputs);
    targets = targetsOf(varargin{1}, net, count);
    varargin(1) = [];
    data = laidOut(single(data), net.inputs);
else
    data = prepared(data, net);
    targets = [];
end
options = optionsOf(varargin, nargin - numel(varargin));

[graph, added] = withSoftmax(net);
if modern
    loss = 'crossentropy';
    if strcmp(net.task, 'segmentation')
        targets = asShares(targets, numel(net.classes));
    elseif strcmp(net.task, 'regression')
        responses = prod(net.outputs.Size);  % 'mse' divides by the number of observations only
        loss = @(Y, T) mse(Y, T) / responses;
    end
    given = {data, targets};
    trained = trainnet(given{1:1 + fromArray}, dlnetwork(graph), loss, options);
else
    [graph, added] = withOutputLayer(graph, added, net);
    given = {data, targets};
    if strcmp(net.task, 'segmentation')
        given = {withPixelLabels(data, targets, net.classes)};
        fromArray = false;
    end
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

function requireOneOfEach(net)
%REQUIREONEOFEACH  Refuse networks with several inputs or outputs.
if numel(net.inputs) > 1 || numel(net.outputs) > 1
    error('cifarx:fineTune:several', ...
          ['cifarx.fineTune trains networks with one input and one output, but this one has ' ...
           'the inputs %s and the outputs %s. Train dlnet = cifarx.dlnetwork(net) in a ' ...
           'training loop of your own, then return its weights with ' ...
           'cifarx.save(dlnet, ''tuned.mat'', net).'], ...
          strjoin({net.inputs.Name}, ', '), strjoin({net.outputs.Name}, ', '));
end
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

function requireArray(X, net)
%REQUIREARRAY  Refuse inputs whose size or class does not fit the input layer.
input = net.inputs;
isImage = strcmp(input.Format, 'SSCB');
if isempty(X)
    error('cifarx:fineTune:imageSize', ...
          'There are no images in X, which is %s; training needs one or more.', ...
          cifarx.internal.message.sizeText(X));
end
found = size(X);
found(end + 1:numel(input.Size) + 1) = 1;
if isImage && (~isequal(found(1:3), double(input.Size)) || numel(found) > 4)
    error('cifarx:fineTune:imageSize', ...
          ['The network takes images of %d-by-%d-by-%d (height, width, channels), but X ' ...
           'is %s. Resize them with imresize, or pass an imageDatastore.'], ...
          input.Size, strrep(mat2str(size(X)), ' ', '-by-'));
end
if ~isImage
    cifarx.internal.interface.requireInputs(net, {X}, 'fineTune');
    return
end
wanted = 'uint8';
meaning = 'pixels 0..255; the network normalizes them';
if strcmp(input.Normalization, 'none')
    wanted = 'single';
    meaning = 'already normalized, because the file does not state how';
end
if ~isa(X, wanted)
    error('cifarx:fineTune:imageClass', 'X must be %s (%s), but is %s.', ...
          wanted, meaning, class(X));
end
end

function targets = targetsOf(given, net, count)
%TARGETSOF  What the output is to be, as the task needs it.
switch net.task
    case 'classification'
        targets = labelsOf(given, net.classes, count);
    case 'segmentation'
        targets = pixelLabelsOf(given, net, count);
    otherwise
        targets = numbersOf(given, net, count);
end
end

function labels = labelsOf(given, classes, count)
%LABELSOF  Categories in the order of the file, one per input.
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

function labels = pixelLabelsOf(given, net, count)
%PIXELLABELSOF  Class numbers of all pixels, 0 without label, H-by-W-by-N.
extent = [net.outputs.Size(1:2), count];
found = size(given);
found(end + 1:3) = 1;
if ~isnumeric(given) || ~isequal(found, extent)
    error('cifarx:fineTune:labels', ...
          ['Labels must be class numbers of the pixels, %d-by-%d-by-%d (height, width, ' ...
           'images), but are %s.'], extent, cifarx.internal.message.valueText(given));
end
if ~all(ismember(given(:), 0:numel(net.classes))) || ~any(given(:))
    error('cifarx:fineTune:labels', ...
          ['Labels must be class numbers from 1 to %d, or 0 for pixels without label, with one ' ...
           'labeled pixel or more.'], numel(net.classes));
end
labels = double(given);
end

function targets = numbersOf(given, net, count)
%NUMBERSOF  The values of the output in the layout that trainnet and trainNetwork take.
extent = [double(net.outputs.Size), ones(1, isempty(net.outputs.Size)), count];
found = size(given);
found(end + 1:numel(extent)) = 1;
if ~isnumeric(given) || ~isreal(given) || ~isequal(found, extent) || ~all(isfinite(given(:)))
    error('cifarx:fineTune:targets', ...
          ['Targets must be finite numbers, %s (the size of the output ''%s'' by N), but ' ...
           'are %s.'], ...
          cifarx.internal.message.shapeText(extent), net.outputs.Name, ...
          cifarx.internal.message.valueText(given));
end
shapes = cifarx.internal.check.checkLayers(net);
shape = shapes{strcmp(net.outputs.Layer, {net.layers.Name})};
targets = cifarx.internal.layout.ofLayer(single(given), net.outputs, shape);
if numel(shape) == 1
    targets = targets.';  % N-by-R for responses of features
end
end

function X = laidOut(X, input)
%LAIDOUT  Inputs as trainnet and trainNetwork take them: features are N-by-F.
X = cifarx.internal.layout.carried(X, input);
if strcmp(input.Format, 'CB')
    X = X.';
end
end

function shares = asShares(labels, classes)
%ASSHARES  Targets of cross-entropy, H-by-W-by-K-by-N: those of one image add up to 1.
% 'crossentropy' of trainnet divides by the number of images only; so the loss of an image becomes
% the mean over its labeled pixels, and pixels without label, all zeros, do not count.
% https://www.mathworks.com/help/deeplearning/ref/dlarray.crossentropy.html
[height, width, count] = size(labels);
shares = single(reshape(labels, height, width, 1, count) == reshape(1:classes, 1, 1, []));
shares = shares ./ max(1, sum(sum(sum(shares, 1), 2), 3));
end

function data = withPixelLabels(X, labels, classes)
%WITHPIXELLABELS  A datastore of images and categorical labels of their pixels, for trainNetwork.
% Class numbers that are not in the set, 0 here, become undefined, and pixelClassificationLayer
% ignores them.
% https://www.mathworks.com/help/vision/ref/nnet.cnn.layer.pixelclassificationlayer.html
% https://www.mathworks.com/help/matlab/ref/matlab.io.datastore.arraydatastore.html
labels = reshape(labels, size(labels, 1), size(labels, 2), 1, size(labels, 3));
labels = categorical(labels, 1:numel(classes), classes);
data = combine(arrayDatastore(X, 'IterationDimension', 4), ...
               arrayDatastore(labels, 'IterationDimension', 4));
end

function data = prepared(data, net)
%PREPARED  An imageDatastore with the classes of the file and the network's image size.
% https://www.mathworks.com/help/deeplearning/ref/augmentedimagedatastore.html
if ~isa(data, 'matlab.io.datastore.ImageDatastore')
    error('cifarx:fineTune:data', ...
          ['Data must be an array (images H-by-W-by-C-by-N uint8) or an imageDatastore, not ' ...
           'a %s.'], class(data));
end
if ~strcmp(net.task, 'classification') || ~strcmp(net.inputs.Format, 'SSCB')
    error('cifarx:fineTune:data', ...
          ['An imageDatastore trains classifiers of images only; the task of this network is ' ...
           '''%s''. Pass arrays: cifarx.fineTune(net, X, targets).'], net.task);
end
if strcmp(net.inputs.Normalization, 'none')
    error('cifarx:fineTune:normalization', ...
          ['The file of this network does not state how pixels are normalized. Pass normalized ' ...
           'images as a single array, or export it again with --mean and --std.']);
end
data = copy(data);  % a handle object: do not change the caller's labels
data.Labels = labelsOf(data.Labels, net.classes, numel(data.Files));
color = 'gray2rgb';
if net.inputs.Size(3) == 1
    color = 'rgb2gray';
end
data = augmentedImageDatastore(net.inputs.Size(1:2), data, 'ColorPreprocessing', color);
end

function [graph, added] = withSoftmax(net)
%WITHSOFTMAX  The network with softmax after its logits, which cross-entropy needs.
graph = layerGraph(cifarx.dlnetwork(net));
last = net.layers(strcmp(net.outputs.Layer, {net.layers.Name}));
added = {};
if ~strcmp(last.Kind, 'SoftmaxLayer') && ~strcmp(net.task, 'regression')
    added = {'cifarxSoftmax'};
    graph = addLayers(graph, softmaxLayer('Name', added{1}));
    graph = connectLayers(graph, last.Name, added{1});
end
end

function [graph, added] = withOutputLayer(graph, added, net)
%WITHOUTPUTLAYER  The output layer that trainNetwork needs, with the classes of the file.
source = setdiff({graph.Layers.Name}, graph.Connections.Source);
name = 'cifarxOutput';
classes = {};
if ~strcmp(net.task, 'regression')
    classes = {'Classes', categorical(net.classes, net.classes)};
end
switch net.task
    case 'classification'
        layer = classificationLayer('Name', name, classes{:});
    case 'segmentation'
        cifarx.internal.check.requireToolbox('fineTune', 'pixelClassificationLayer', ...
                                             'Computer Vision Toolbox');
        layer = pixelClassificationLayer('Name', name, classes{:});
    otherwise
        layer = regressionLayer('Name', name);
end
graph = connectLayers(addLayers(graph, layer), source{1}, name);
added = [added, {name}];
end
