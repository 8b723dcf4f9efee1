%% Load a network and classify images
% No toolbox is needed. model.mat, from 'cifarx export --mat', lies in the current folder.
%
%  >> cd('folder of model.mat')
%  >> loadAndClassify                 % with this script's folder on the path; run would go there

%% Load
net = cifarx.load('model.mat');
cifarx.summary(net);

%% Images
% H-by-W-by-C-by-N, uint8, channels in the order R, G, B. The file brings some along; for one of
% your own: X = imresize(imread('cat.png'), net.input.InputSize(1:2)); where it is grey and the
% network takes colours: X = repmat(X, [1 1 3]);
X = net.test.images;
if isempty(X)
    X = net.test.inputs;  % the file does not say how pixels are normalised
end

%% Classify
[names, scores] = cifarx.classify(net, X);
for i = 1:min(5, numel(names))
    fprintf('image %d is a %s (%.0f%%)\n', i, names{i}, 100 * max(scores(i, :)));
end
