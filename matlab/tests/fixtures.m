function files = fixtures()
%FIXTURES  Test networks with every kind of layer and the outputs of PyTorch.
%
%   FILES = FIXTURES() is a cell array of the paths of their files in tests/data, which
%   'python tests/support/every_kind.py' wrote in the checkout of cifarx.

folder = fullfile(fileparts(mfilename('fullpath')), 'data');
names = {'curves', 'joins', 'norms', 'windows', 'resized', 'oldest'};  % oldest: for R2021a
files = cellfun(@(name) fullfile(folder, [name '.mat']), names, 'UniformOutput', false);
end
