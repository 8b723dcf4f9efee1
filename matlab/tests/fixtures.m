function files = fixtures(task)
%FIXTURES  Test networks with every kind of layer and the outputs of PyTorch.
%
%   FILES = FIXTURES() is a cell array of the paths of their files in tests/data, which
%   'python tests/support/every_kind.py' wrote in the checkout of cifarx.
%
%   FILES = FIXTURES(TASK) are those of networks whose task is 'classification', 'segmentation' or
%   'regression'.

folder = fullfile(fileparts(mfilename('fullpath')), 'data');
names = {'curves', 'joins', 'norms', 'windows', 'oldest', ...  % oldest: for R2021a
         'functions', 'resized', ...
         'segments', 'vectors', 'signals', 'several', 'decoded'};
tasks = [repmat({'classification'}, 1, 7), {'segmentation'}, repmat({'regression'}, 1, 4)];
if nargin > 0
    names = names(strcmp(tasks, task));
end
files = cellfun(@(name) fullfile(folder, [name '.mat']), names, 'UniformOutput', false);
end
