function dlnet = dlnetwork(source)
%DLNETWORK  Create a dlnetwork from a network that cifarx exported.
%
%   DLNET = CIFARX.DLNETWORK(FILE) reads the MAT-file FILE and returns an initialized dlnetwork of
%   built-in layers with the weights of the file, ready for prediction, training and Deep Network
%   Designer. No code is generated.
%
%   DLNET = CIFARX.DLNETWORK(NET) does so for NET, a network returned by CIFARX.LOAD.
%
%   The input layers have the names and the order of NET.inputs. For images, an imageInputLayer
%   takes pixels 0..255, H-by-W-by-C-by-N with the labels 'SSCB', and normalizes them as the file
%   states; if the Normalization is 'none', it takes images that are already normalized. For
%   features, a featureInputLayer takes F-by-N, 'CB'. For a signal, an imageInputLayer takes maps
%   of one row, 1-by-L-by-C-by-N, 'SSCB', because the layers are two-dimensional.
%
%   The outputs are those of the layers {NET.outputs.Layer}. A classifier or segmentation returns
%   logits, without softmax. With several outputs, name them in the call of predict.
%
%   Layers have the names of the file. A flatten layer in front of fully connected layers is left
%   out, because fullyConnectedLayer flattens in the same order. Arrays that do not exist in
%   PyTorch, such as the zero bias of a convolution without bias, get a learn rate factor of 0, so
%   that training leaves them unchanged and all weights can go back to PyTorch.
%
%   Features become maps in a functionLayer, which holds an anonymous function. Functions that Deep
%   Learning Toolbox has no layers for (softplus, powers, quotients, log-softmax and the like)
%   become function layers, too, which call a function of this toolbox: keep it on the path to load
%   such a network from a file of yours.
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
%   Example, for two inputs (an image and a vector) and two outputs:
%      [Y1, Y2] = predict(dlnet, dlarray(X1, 'SSCB'), dlarray(X2, 'CB'), ...
%                         'Outputs', {net.outputs.Layer});
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
