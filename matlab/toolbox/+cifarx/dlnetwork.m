function dlnet = dlnetwork(source)
%DLNETWORK  Make a dlnetwork of a network that cifarx exported.
%
%   DLNET = CIFARX.DLNETWORK(FILE) reads the MAT-file FILE and returns an initialised
%   dlnetwork of built-in layers only, with the file's weights, ready for prediction,
%   training and Deep Network Designer. No code is generated. Its input layer takes
%   H-by-W-by-C-by-N images of pixels 0..255 and normalises them as the file says;
%   where the file does not say how (NET.input.Normalization is 'none'), it takes them
%   normalised already. Its output is K logits an image, without softmax.
%
%   DLNET = CIFARX.DLNETWORK(NET) does so for NET, as returned by CIFARX.LOAD.
%
%   Layers have the file's names. Flattening before fully connected layers has no layer
%   of its own: fullyConnectedLayer does it, in the same order. What PyTorch has not, such
%   as the zero bias of a convolution without one, has a learning rate factor of 0, so that
%   training leaves it as it is and all weights can go back.
%
%   Deep Learning Toolbox is needed: R2021a or newer; R2022b for GELU layers, R2023a
%   for layer normalization, R2024a for PReLU, R2025a for scaling. The error
%   cifarx:dlnetwork:release names the layer and the release where it is too old.
%
%   Example:
%      net = cifarx.load('model.mat');
%      dlnet = cifarx.dlnetwork(net);
%      X = dlarray(single(net.test.images), 'SSCB');
%      scores = extractdata(predict(dlnet, X));
%
%   See also cifarx.load, cifarx.openInDesigner, cifarx.fineTune, cifarx.save.

cifarx.internal.check.requireArguments(nargin, 1, 'dlnetwork');
cifarx.internal.check.requireToolbox('dlnetwork', 'dlnetwork', 'Deep Learning Toolbox');
net = cifarx.internal.networkOf(source, 'dlnetwork');
try
    dlnet = cifarx.internal.build.buildNetwork(net);
catch problem
    cifarx.internal.message.explain(problem, net, 'dlnetwork');
end
end
