%% Getting started with cifarx
% cifarx brings convolutional networks from PyTorch to MATLAB, with a proof that they compute the
% same. This page shows the MATLAB side; run it section by section (Ctrl+Enter), or as a whole.
%
% You need a file that was exported in Python, and the toolbox on the path:
%
%  $ cifarx train bn8
%  $ cifarx export --onnx --mat       # ./model.onnx and ./model.mat
%  $ cifarx matlab-path               # the folder for addpath
%
% Go to the folder with model.mat in it, and call this script and the examples by their names; |run|
% would change to the folder of the script, where there is no model.mat:
%
%  >> cd('C:\Users\me\networks')
%  >> addpath(F, fullfile(F, 'doc'), fullfile(F, 'examples'))     % F: what matlab-path printed
%  >> GettingStarted

%% Read a network
% |cifarx.load| reads and checks the file. What it gives is a structure of plain arrays: no
% toolbox is needed, and nothing in the file is run as code.

net = cifarx.load('model.mat');
disp(net.classes);
disp({net.layers.Name});

%% See that it is the same network
% |cifarx.verify| runs the test images in the file and compares the outputs with those that
% PyTorch gave in double precision, in units of the rounding of single precision.

report = cifarx.verify('model.mat');
disp(report.verdict);

%% Predict
% Images are H-by-W-by-C-by-N arrays of class uint8; the network normalises them as its file
% says. Outputs are K-by-N logits.

if strcmp(net.input.Normalization, 'none')
    X = net.test.inputs;  % the file does not say how: images come normalised already
else
    X = net.test.images;
end
logits = cifarx.predict(net, X);
[~, label] = max(logits, [], 1);
disp(net.classes(label(1:min(4, end))));

%% Use it with Deep Learning Toolbox
% |cifarx.dlnetwork| makes an initialised dlnetwork of built-in layers, with the same weights.
% It can be trained, edited in Deep Network Designer and used wherever a dlnetwork is.

if exist('dlnetwork') %#ok<EXIST>
    dlnet = cifarx.dlnetwork(net);
    disp({dlnet.Layers.Name});
else
    disp('Deep Learning Toolbox is not installed.');
end

%% Where to go from here
% The folder examples has
%
% * loadAndClassify.m: images in, class names out
% * verifyNetwork.m: the report of cifarx.verify
% * editInDesigner.m: Deep Network Designer
% * fineTuneAndReturn.m: train further in MATLAB, and take the weights back to PyTorch
%
% |help cifarx.load|, |help cifarx.dlnetwork| and so on give sizes and units.
