%% Segment images
% No toolbox is needed. model.mat of a segmentation, from 'cifarx export --mat', must be in the
% current folder. Put the folder of this script on the path and call it by name; run would change
% to it.
%
%  >> cd('folder of model.mat')
%  >> segmentImages

%% Load
% The output of a segmentation is one map per class, H-by-W-by-K-by-N.
net = cifarx.load('model.mat');
cifarx.summary(net);
if ~strcmp(net.task, 'segmentation')
    error('The task of this network is %s, not segmentation.', net.task);
end

%% Images
% Images are H-by-W-by-C-by-N uint8. If the file has no normalization, they are single and already
% normalized.
X = net.test.images;
if isempty(X)
    X = net.test.inputs;
end

%% Classify every pixel
% labels(i, j, n) is the class number of the pixel in row i and column j of image n.
labels = cifarx.classify(net, X);
for k = 1:numel(net.classes)
    fprintf('%s: %.1f%% of the pixels\n', net.classes{k}, 100 * mean(labels(:) == k));
end

%% Compare with known labels
% test.labels is 0 for pixels without label.
truth = net.test.labels;
if ~isempty(truth)
    known = truth > 0;
    fprintf('correct: %.1f%% of %d labeled pixels\n', 100 * mean(labels(known) == truth(known)), ...
            sum(known(:)));
end

%% Show the first image
% In MATLAB with a desktop: figure; imagesc(labels(:, :, 1)); axis image; colorbar
