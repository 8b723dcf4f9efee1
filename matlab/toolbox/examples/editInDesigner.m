%% Look at a network in Deep Network Designer
% Deep Learning Toolbox is needed. model.mat, from 'cifarx export --mat', lies in the current
% folder.
%
%  >> cd('folder of model.mat')
%  >> editInDesigner                 % with this script's folder on the path; run would go there

%% A dlnetwork of built-in layers
% Names are those of the file, weights too; no code is generated.
net = cifarx.load('model.mat');
dlnet = cifarx.dlnetwork(net);
for i = 1:numel(dlnet.Layers)
    fprintf('%-20s %s\n', dlnet.Layers(i).Name, class(dlnet.Layers(i)));
end

%% Open the app
cifarx.openInDesigner(net);

%% Change it
% In the app, networks can be edited and exported to the workspace. Weights that were trained on
% can go back to PyTorch, as fineTuneAndReturn.m shows. A network with other layers cannot: make
% the change in PyTorch, then train there or here.
