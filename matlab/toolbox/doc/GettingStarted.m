%% Getting started with cifarx
% cifarx takes convolutional networks from PyTorch to MATLAB and checks that they compute the same
% there. This script shows the MATLAB side. Run it section by section (Ctrl+Enter) or as a whole.
%
% You need a file that was exported in Python, and the toolbox on the path:
%
%  $ cifarx train bn8
%  $ cifarx export --onnx --mat       # ./model.onnx and ./model.mat
%  $ cifarx matlab-path               # the folder for addpath
%
% Change to the folder of model.mat and call this script and the examples by name. |run| would
% change to the folder of the script, where there is no model.mat.
%
%  >> cd('C:\Users\me\networks')
%  >> addpath(F, fullfile(F, 'doc'), fullfile(F, 'examples'))     % F: what matlab-path printed
%  >> GettingStarted

%% Read a network
% |cifarx.load| reads and checks the file and returns a structure of plain arrays. No toolbox is
% needed, and nothing in the file is run as code.

net = cifarx.load('model.mat');
disp(net.classes);
disp({net.layers.Name});

%% Check that it is the same network
% |cifarx.verify| runs the test images in the file and compares the outputs with those of PyTorch
% in double precision, in units of the rounding error of single precision.

report = cifarx.verify('model.mat');
disp(report.verdict);

%% Predict
% Images are H-by-W-by-C-by-N arrays of class uint8, which the network normalizes as its file
% states. Outputs are K-by-N logits.

if strcmp(net.input.Normalization, 'none')
    X = net.test.inputs;  % the file has no normalization: use normalized images
else
    X = net.test.images;
end
logits = cifarx.predict(net, X);
[~, label] = max(logits, [], 1);
disp(net.classes(label(1:min(4, end))));

%% Use it with Deep Learning Toolbox
% |cifarx.dlnetwork| creates an initialized dlnetwork of built-in layers with the same weights. You
% can train it, edit it in Deep Network Designer, and use it like any other dlnetwork.

if exist('dlnetwork') %#ok<EXIST>
    dlnet = cifarx.dlnetwork(net);
    disp({dlnet.Layers.Name});
else
    disp('Deep Learning Toolbox is not installed.');
end

%% Next steps
% The folder examples contains
%
% * loadAndClassify.m: images in, class names out
% * verifyNetwork.m: the report of cifarx.verify
% * editInDesigner.m: Deep Network Designer
% * fineTuneAndReturn.m: continue training in MATLAB and take the weights back to PyTorch
%
% |help cifarx.load|, |help cifarx.dlnetwork| and the help of the other functions state sizes and
% units.
