%% Continue training in MATLAB and take the weights back to PyTorch
% Deep Learning Toolbox is needed, and model.mat, from 'cifarx export --mat', in the current
% folder, where tuned.mat is written. Put the folder of this script on the path and call it by
% name; run would change to it.
%
%  >> cd('folder of model.mat')
%  >> fineTuneAndReturn

%% Images with labels
% Use H-by-W-by-C-by-N uint8 images and class numbers from 1, or an imageDatastore whose labels are
% names in net.classes. Here the test images of the file stand for your own.
net = cifarx.load('model.mat');
X = net.test.images;
labels = net.test.labels;

%% Train
% The normalization and the order of the classes remain those of the file.
tuned = cifarx.fineTune(net, X, labels, 'MaxEpochs', 2, 'InitialLearnRate', 0.001);

%% Compare before and after
[~, before] = max(cifarx.predict(net, X), [], 1);
[~, after] = max(cifarx.predict(tuned, X), [], 1);
fprintf('correct: %d of %d before, %d after\n', sum(before == labels(:).'), numel(labels), ...
        sum(after == labels(:).'));

%% Take the weights back to PyTorch
% Then, in a shell: cifarx import tuned.mat
cifarx.save(tuned, 'tuned.mat');
