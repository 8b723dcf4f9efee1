function files = buildable()
%BUILDABLE  The fixtures whose layers all exist in this release.
%
%   FILES = BUILDABLE() is a cell array of their paths. The first call in a session builds all of
%   them and prints those that it leaves out.

persistent kept
requires('dlnetwork');
if isempty(kept)
    every = fixtures();
    kept = every(cellfun(@isBuilt, every));
end
files = kept;
if isempty(files)
    error('cifarx:test:skipped', 'This release is too old for every network.');
end
end

function built = isBuilt(file)
%ISBUILT  Whether this release has all layers of a network.
built = true;
try
    cifarx.dlnetwork(file);
catch reason
    if ~strcmp(reason.identifier, 'cifarx:dlnetwork:release')
        rethrow(reason);
    end
    built = false;
    fprintf('left out | %s | %s\n', file, reason.message);
end
end
