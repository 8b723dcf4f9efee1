function file = fileName(file, identifier)
%FILENAME  Return a file name as a character row vector.
%
%   FILE = CIFARX.INTERNAL.FILE.FILENAME(FILE, IDENTIFIER) accepts char or a string scalar and
%   raises the error IDENTIFIER for anything else.

file = cifarx.internal.asChar(file);
if ~ischar(file) || size(file, 1) ~= 1
    error(identifier, ['The file name must be a character row vector such as ''model.mat'', ' ...
                       'but is a %s %s.'], cifarx.internal.message.sizeText(file), class(file));
end
end
