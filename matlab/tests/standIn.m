function standIn(release)
%STANDIN  Replace Deep Learning Toolbox of a release of MATLAB by a stand-in, in GNU Octave.
%
%   STANDIN(RELEASE) puts the folders of standin on the path that RELEASE, such as 'R2022b', has:
%   standin itself, standin/since/R for each release R up to RELEASE, and standin/before/R for each
%   release R after it. Functions that differ by an argument only ask STANDINSINCE. Each rule cites
%   the page of the documentation from which it comes. Without RELEASE, the environment variable
%   CIFARX_STANDIN_RELEASE is used, and R2026b if it is not set.
%
%   With the environment variable CIFARX_STANDIN_WITHOUT set to 'onnx', the add-on of the importer
%   is not installed.

if nargin < 1
    release = getenv('CIFARX_STANDIN_RELEASE');
end
if isempty(release)
    release = 'R2026b';
end
setenv('CIFARX_STANDIN_RELEASE', release);
here = fullfile(fileparts(mfilename('fullpath')), 'standin');
addpath(here);
add(fullfile(here, 'since'), @(name) standInSince(name));
add(fullfile(here, 'before'), @(name) ~standInSince(name));
end

function add(folder, holds)
%ADD  Put the folders of releases on the path for which a condition holds.
entries = dir(folder);
names = sort({entries.name});
names = names(strncmp(names, 'R2', 2));
for i = 1:numel(names)
    if holds(names{i})
        addpath(fullfile(folder, names{i}));
    end
end
end
