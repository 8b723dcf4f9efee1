function dlnet = standInTrained(X, targets, dlnet, options, loss)
%STANDINTRAINED  Gradient descent on the bias of the last layer with weights.
%
%   Whole batches, no momentum; enough to see whether inputs, targets, softmax and options arrive.
%   LOSS is 'crossentropy', of the outputs of a softmax layer with categories or numbers as targets,
%   or a multiple of mse. As documented, the normalization is recomputed unless
%   'ResetInputNormalization' is false.
names = {dlnet.Layers.Name};
last = find(strcmp(dlnet.OutputNames{1}, names));
isSoftmax = strcmp(class(dlnet.Layers(last)), 'nnet.cnn.layer.SoftmaxLayer'); %#ok<STISA>
byClasses = strcmp(loss, 'crossentropy');
if isSoftmax ~= byClasses
    error('standin:loss', 'Cross-entropy is of the outputs of a softmax layer.');
end
while ~ismember(class(dlnet.Layers(last)), {'nnet.cnn.layer.FullyConnectedLayer', ...
                                            'nnet.cnn.layer.Convolution2DLayer'})
    into = strcmp(names{last}, strtok(dlnet.Connections.Destination, '/'));
    last = find(strcmp(dlnet.Connections.Source{find(into, 1)}, names));
end
format = 'SSCB';
if numel(dlnet.Layers(1).InputSize) == 1
    format = 'CB';
    X = X.';  % observations are rows of features
end
if ~isfloat(X)
    error('standin:data', 'Inputs must be floating-point numbers.');
end
if options.ResetInputNormalization
    dlnet.Layers(1).Mean = single(mean(mean(mean(X, 1), 2), 4));
    dlnet.Layers(1).StandardDeviation = dlnet.Layers(1).Mean + 1;
end
for step = 1:options.MaxEpochs
    given = dlarray(X, format);
    if isfield(options, 'ByTrainNetwork')
        given.ByTrainNetwork = true;
    end
    old = dlnet.Layers(last);
    Y = predict(dlnet, given);
    slope = slopeOf(Y, targets, numel(old.Bias), byClasses);
    if ~byClasses
        rows = targets;
        if strcmp(Y.Format, 'CB')
            rows = targets.';
        end
        slope = slope * loss(Y, rows) / mse(Y, rows);
    end
    rate = options.InitialLearnRate * old.BiasLearnRateFactor;
    bias = old.Bias - single(rate * reshape(slope, size(old.Bias)));
    dlnet.Layers(last) = rebuilt(old, bias);
end
dlnet = dlnetwork(dlnet);
end

function slope = slopeOf(Y, targets, channels, byClasses)
%SLOPEOF  Derivative of the loss by the bias, one number per channel.
maps = strcmp(Y.Format, 'SSCB') && size(Y.Data, 1) * size(Y.Data, 2) > 1;
if isstruct(targets)  % categories; pixels without one are 0
    codes = reshape(targets.Codes, size(targets.Codes, 1), size(targets.Codes, 2), 1, []);
    if ~maps
        codes = reshape(targets.Codes, 1, 1, 1, []);
    end
    targets = double(codes == reshape(1:numel(targets.Categories), 1, 1, []));
    targets = targets ./ max(1, sum(sum(sum(targets, 1), 2), 3));
elseif ~maps
    targets = reshape(targets.', 1, 1, size(targets, 2), []);  % observations are rows
end
Y = Y.Data;
if ~maps
    Y = reshape(Y, 1, 1, channels, []);
end
if ~isequal(size(Y), size(targets))
    error('standin:targets', 'Targets are %s, outputs %s.', mat2str(size(targets)), ...
          mat2str(size(Y)));
end
share = 1;
if byClasses
    share = sum(targets, 3);
end
slope = sum(sum(mean(Y .* share - targets, 4), 1), 2);
end

function layer = rebuilt(old, bias)
%REBUILT  The layer with another bias.
rates = {'BiasLearnRateFactor', old.BiasLearnRateFactor, 'Name', old.Name};
if strcmp(class(old), 'nnet.cnn.layer.FullyConnectedLayer') %#ok<STISA>
    layer = fullyConnectedLayer(old.OutputSize, 'Weights', old.Weights, 'Bias', bias, rates{:});
else
    layer = convolution2dLayer(old.FilterSize, old.NumFilters, 'Weights', old.Weights, ...
                               'Bias', bias, 'Stride', old.Stride, 'Padding', old.PaddingSize, ...
                               'DilationFactor', old.DilationFactor, rates{:});
end
end
