%% Open a network in Deep Network Designer
% Deep Learning Toolbox is needed, and model.mat, from 'cifarx export --mat', in the current
% folder. Put the folder of this script on the path and call it by name; run would change to it.
%
%  >> cd('folder of model.mat')
%  >> editInDesigner

%% Create a dlnetwork of built-in layers
% Names and weights are those of the file. No code is generated.
net = cifarx.load('model.mat');
dlnet = cifarx.dlnetwork(net);
for i = 1:numel(dlnet.Layers)
    fprintf('%-20s %s\n', dlnet.Layers(i).Name, class(dlnet.Layers(i)));
end

%% Open the app
cifarx.openInDesigner(net);

%% Edit it
% In the app you can edit the network and export it to the workspace. Trained weights can go back to
% PyTorch, as fineTuneAndReturn.m shows. A network with other layers cannot: change the layers in
% PyTorch, and train there or here.
