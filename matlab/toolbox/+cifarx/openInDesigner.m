function openInDesigner(source)
%OPENINDESIGNER  Show a network that cifarx exported in Deep Network Designer.
%
%   CIFARX.OPENINDESIGNER(FILE) makes a dlnetwork of the MAT-file FILE, with its
%   weights, and opens it in the app, where it can be looked at, edited and exported
%   to the workspace. CIFARX.OPENINDESIGNER(NET) does so for NET, as returned by
%   CIFARX.LOAD.
%
%   Deep Learning Toolbox is needed.
%
%   Example:
%      cifarx.openInDesigner('model.mat')
%
%   See also cifarx.dlnetwork, cifarx.save, deepNetworkDesigner.

cifarx.internal.check.requireArguments(nargin, 1, 'openInDesigner');
product = 'Deep Learning Toolbox';
cifarx.internal.check.requireToolbox('openInDesigner', 'deepNetworkDesigner', product);
dlnet = cifarx.dlnetwork(cifarx.internal.networkOf(source, 'openInDesigner'));
if exist('trainnet') %#ok<EXIST> R2023b and newer: the app opens a dlnetwork itself
    deepNetworkDesigner(dlnet);
else
    % older releases: "layerGraph(dlnet): Use this syntax to use a dlnetwork with [...] Deep
    % Network Designer", mathworks.com/help/releases/R2021a/deeplearning/ref/nnet.cnn.layergraph
    deepNetworkDesigner(layerGraph(dlnet));
end
end
