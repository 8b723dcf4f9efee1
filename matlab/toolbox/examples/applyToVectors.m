%% Apply a network to vectors
% No toolbox is needed. model.mat of a network whose inputs are vectors, such as a regressor or a
% policy, from 'cifarx export --mat', must be in the current folder. Put the folder of this script
% on the path and call it by name; run would change to it.
%
%  >> cd('folder of model.mat')
%  >> applyToVectors

%% Load
net = cifarx.load('model.mat');
cifarx.summary(net);
if ~all(strcmp({net.inputs.Format}, 'CB'))
    error('The inputs of this network are not vectors; see net.inputs.');
end

%% One observation
% A vector is a column of class single. A network with several inputs takes one array for each.
X = net.test.inputs;
if ~iscell(X)
    X = {X};
end
first = cellfun(@(x) x(:, 1), X, 'UniformOutput', false);
outputs = cell(1, numel(net.outputs));
[outputs{:}] = cifarx.predict(net, first{:});
for i = 1:numel(outputs)
    fprintf('%s: %s\n', net.outputs(i).Name, mat2str(double(outputs{i}(:).'), 4));
end

%% Many observations
% F-by-N, one column per observation. In a control loop call the network with one column per step.
[outputs{:}] = cifarx.predict(net, X{:});
references = net.test.outputs;  % of PyTorch in float32
if ~iscell(references)
    references = {references};
end
for i = 1:numel(outputs)
    fprintf('%s: %d observations, largest difference from PyTorch %.1e\n', net.outputs(i).Name, ...
            size(X{1}, 2), max(abs(outputs{i}(:) - references{i}(:))));
end
