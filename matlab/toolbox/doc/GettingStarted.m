%% Getting started with cifarx
% cifarx takes networks from PyTorch to MATLAB and checks that they compute the same there. This
% script shows the MATLAB side. Run it section by section (Ctrl+Enter) or as a whole.
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
% needed, and nothing in the file is run as code. |cifarx.summary| prints inputs, layers, outputs
% and the task: classification, segmentation (one class per pixel) or regression (numbers).

net = cifarx.load('model.mat');
cifarx.summary(net);
disp({net.layers.Name});

%% Check that it is the same network
% |cifarx.verify| runs the test inputs in the file and compares the outputs with those of PyTorch
% in double precision, in units of the rounding error of single precision.

report = cifarx.verify('model.mat');
disp(report.verdict);

%% Predict
% |net.inputs| tells the layout of each input by its Format: 'SSCB' for images H-by-W-by-C-by-N,
% 'SCB' for signals L-by-C-by-N, 'CB' for vectors F-by-N. Arrays are single; images may also be
% uint8 pixels, which the network normalizes as its file states. A network with several inputs and
% outputs takes and returns one array for each: [Y1, Y2] = cifarx.predict(net, X1, X2).

X = net.test.inputs;
if ~iscell(X)
    X = {X};  % one input
end
outputs = cell(1, numel(net.outputs));
[outputs{:}] = cifarx.predict(net, X{:});
for i = 1:numel(outputs)
    disp([net.outputs(i).Name ': ' mat2str(size(outputs{i}))]);
end
if strcmp(net.task, 'classification')
    names = cifarx.classify(net, X{:});
    disp(names(1:min(4, end)).');
end

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
% * segmentImages.m: images in, the class of every pixel out
% * applyToVectors.m: vectors in, numbers out, as in a regressor or a policy
% * verifyNetwork.m: the report of cifarx.verify
% * editInDesigner.m: Deep Network Designer
% * fineTuneAndReturn.m: continue training in MATLAB and take the weights back to PyTorch
%
% |help cifarx.load|, |help cifarx.dlnetwork| and the help of the other functions state sizes and
% units.
