%% Train further in MATLAB, and take the weights back to PyTorch
% Deep Learning Toolbox is needed. model.mat, from 'cifarx export --mat', lies in the current
% folder; tuned.mat is written there.
%
%  >> cd('folder of model.mat')
%  >> fineTuneAndReturn                 % with this script's folder on the path; run would go there

%% Images with labels
% H-by-W-by-C-by-N uint8 and class numbers from 1; or an imageDatastore whose labels are names in
% net.classes. A few images of the file stand for yours here.
net = cifarx.load('model.mat');
X = net.test.images;
labels = net.test.labels;

%% Train
% The normalisation and the order of the classes stay those of the file.
tuned = cifarx.fineTune(net, X, labels, 'MaxEpochs', 2, 'InitialLearnRate', 0.001);

%% Before and after
[~, before] = max(cifarx.predict(net, X), [], 1);
[~, after] = max(cifarx.predict(tuned, X), [], 1);
fprintf('right: %d of %d before, %d after\n', sum(before == labels(:).'), numel(labels), ...
        sum(after == labels(:).'));

%% Back to PyTorch
% In a shell, then: cifarx import tuned.mat
cifarx.save(tuned, 'tuned.mat');
