function dlnet = dlnetwork(source)
%DLNETWORK  Create a dlnetwork from a network that cifarx exported.
%
%   DLNET = CIFARX.DLNETWORK(FILE) reads the MAT-file FILE and returns an initialized dlnetwork of
%   built-in layers with the weights of the file, ready for prediction, training and Deep Network
%   Designer. No code is generated.
%
%   DLNET = CIFARX.DLNETWORK(NET) does so for NET, a network returned by CIFARX.LOAD.
%
%   The input layer takes H-by-W-by-C-by-N pixels 0..255 and normalizes them as the file states.
%   If NET.input.Normalization is 'none', it takes images that are already normalized. The output
%   is K logits per image, without softmax.
%
%   Layers have the names of the file. A flatten layer in front of fully connected layers is left
%   out, because fullyConnectedLayer flattens in the same order. Arrays that do not exist in
%   PyTorch, such as the zero bias of a convolution without bias, get a learn rate factor of 0, so
%   that training leaves them unchanged and all weights can go back to PyTorch.
%
%   Functions that Deep Learning Toolbox has no layers for (softplus, powers, quotients, log-softmax
%   and the like) become function layers, which call a function of this toolbox: keep it on the path
%   to load such a network from a file of yours.
%
%   Deep Learning Toolbox R2021a or newer is needed: R2021b for function layers, R2022b for GELU
%   layers, R2023a for layer normalization, R2024a for PReLU, R2025a for scaling. If the release is
%   too old, the error cifarx:dlnetwork:release names the layer and the release that it needs.
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
