function text = asChar(text)
%ASCHAR  A string scalar of MATLAB as char.
%
%   TEXT = CIFARX.INTERNAL.ASCHAR(TEXT) turns "name" into 'name'; anything else stays as it
%   is. MATLAB's NAME=VALUE passes the name as a string, too.

if isstring(text) && isscalar(text)  % never in Octave
    text = char(text);
end
end
