function older = isOlder(release)
%ISOLDER  Whether this MATLAB is older than a release.
%
%   OLDER = CIFARX.INTERNAL.ISOLDER(RELEASE) compares with a name such as 'R2023a'. It is false
%   in GNU Octave, which has no release of MATLAB.

this = cifarx.internal.release();
[~, order] = sort({this, release});
older = ~isempty(this) && ~strcmp(this, release) && order(1) == 1;
end
