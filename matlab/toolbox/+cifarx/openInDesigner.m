function openInDesigner(source)
%OPENINDESIGNER  Open a network that cifarx exported in Deep Network Designer.
%
%   CIFARX.OPENINDESIGNER(FILE) creates a dlnetwork from the MAT-file FILE and opens it in the
%   app, where it can be viewed, edited and exported to the workspace.
%
%   CIFARX.OPENINDESIGNER(NET) does so for NET, a network returned by CIFARX.LOAD.
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
try
    deepNetworkDesigner(dlnet);
catch
    % older releases: "layerGraph(dlnet): Use this syntax to use a dlnetwork with [...] Deep
    % Network Designer", mathworks.com/help/releases/R2021a/deeplearning/ref/nnet.cnn.layergraph
    deepNetworkDesigner(layerGraph(dlnet));
end
end
