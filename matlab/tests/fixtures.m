function files = fixtures()
%FIXTURES  The networks in tests/data: every kind of layer, with PyTorch's answers.
%
%   FILES = FIXTURES() is a cell array of their paths. They were written by
%   'python tests/support/every_kind.py' in the checkout of cifarx.

folder = fullfile(fileparts(mfilename('fullpath')), 'data');
names = {'curves', 'joins', 'norms', 'windows'};
files = cellfun(@(name) fullfile(folder, [name '.mat']), names, 'UniformOutput', false);
end
