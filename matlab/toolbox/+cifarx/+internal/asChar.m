function text = asChar(text)
%ASCHAR  Convert a string scalar to char.
%
%   TEXT = CIFARX.INTERNAL.ASCHAR(TEXT) converts "name" to 'name' and returns anything else
%   unchanged. MATLAB's NAME=VALUE syntax passes the name as a string.

if isstring(text) && isscalar(text)  % always false in Octave
    text = char(text);
end
end
