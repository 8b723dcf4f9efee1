function dlnet = standInTrained(images, targets, dlnet, options)
%STANDINTRAINED  Gradient descent on the bias of the last fully connected layer.
%
%   Whole batches, no momentum; enough to see whether images, targets, softmax and
%   options arrive. As documented, the normalization is recomputed unless
%   'ResetInputNormalization' is false.
names = {dlnet.Layers.Name};
softmax = strcmp(dlnet.OutputNames{1}, names);
source = dlnet.Connections.Source{strcmp(dlnet.OutputNames{1}, dlnet.Connections.Destination)};
last = find(strcmp(source, names));
isSoftmax = strcmp(class(dlnet.Layers(softmax)), 'nnet.cnn.layer.SoftmaxLayer'); %#ok<STISA>
if ~isSoftmax
    error('standin:loss', 'Cross-entropy is of the outputs of a softmax layer.');
end
if ~isfloat(images) || size(images, 4) ~= numel(targets.Codes)
    error('standin:data', 'Images must be floating-point numbers, and have one target each.');
end
if options.ResetInputNormalization
    dlnet.Layers(1).Mean = single(mean(mean(mean(images, 1), 2), 4));
    dlnet.Layers(1).StandardDeviation = dlnet.Layers(1).Mean + 1;
end
wanted = (1:numel(targets.Categories)).' == targets.Codes.';
for step = 1:options.MaxEpochs
    X = dlarray(images, 'SSCB');
    if isfield(options, 'ByTrainNetwork')
        X.ByTrainNetwork = true;
    end
    P = reshape(extractdata(predict(dlnet, X)), numel(targets.Categories), []);
    old = dlnet.Layers(last);
    rate = options.InitialLearnRate * old.BiasLearnRateFactor;
    bias = old.Bias - single(rate * mean(P - wanted, 2));
    dlnet.Layers(last) = fullyConnectedLayer(old.OutputSize, 'Weights', old.Weights, ...
                                             'Bias', bias, 'Name', old.Name, ...
                                             'BiasLearnRateFactor', old.BiasLearnRateFactor);
end
dlnet = dlnetwork(dlnet);
end
