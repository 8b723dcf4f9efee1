function name = release()
%RELEASE  The release of MATLAB that runs this code.
%
%   NAME = CIFARX.INTERNAL.RELEASE() is for example 'R2024b', and '' in GNU Octave.

name = version('-release');
if ~isempty(name)
    name = ['R' name];
end
end
