function files = buildable()
%BUILDABLE  The fixtures that this release has all layers for; says which it leaves out.
requires('dlnetwork');
files = fixtures();
kept = true(size(files));
for i = 1:numel(files)
    try
        cifarx.dlnetwork(files{i});
    catch reason
        if ~strcmp(reason.identifier, 'cifarx:dlnetwork:release')
            rethrow(reason);
        end
        kept(i) = false;
        fprintf('left out | %s | %s\n', files{i}, reason.message);
    end
end
files = files(kept);
if isempty(files)
    error('cifarx:test:skipped', 'This release is too old for every network.');
end
end
