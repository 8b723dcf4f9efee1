%% Load a network and classify images
% For a segmentation see segmentImages, for a network of vectors applyToVectors.
%
% No toolbox is needed. model.mat, from 'cifarx export --mat', must be in the current folder. Put
% the folder of this script on the path and call it by name; run would change to it.
%
%  >> cd('folder of model.mat')
%  >> loadAndClassify

%% Load
net = cifarx.load('model.mat');
cifarx.summary(net);

%% Images
% Images are H-by-W-by-C-by-N uint8 with channels in the order R, G, B. The file contains test
% images. To use your own: X = imresize(imread('cat.png'), net.inputs.Size(1:2)); if it is gray
% and the network takes color images: X = repmat(X, [1 1 3]);
X = net.test.images;
if isempty(X)
    X = net.test.inputs;  % the file has no normalization
end

%% Classify
[names, scores] = cifarx.classify(net, X);
for i = 1:min(5, numel(names))
    fprintf('image %d is a %s (%.0f%%)\n', i, names{i}, 100 * max(scores(i, :)));
end
