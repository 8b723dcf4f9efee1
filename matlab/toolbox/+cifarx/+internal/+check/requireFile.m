function requireFile(file, caller, advice)
%REQUIREFILE  Refuse a name under which there is no file.
%
%   CIFARX.INTERNAL.CHECK.REQUIREFILE(FILE, CALLER, ADVICE) raises the error
%   cifarx:CALLER:fileNotFound, with what is to be done in ADVICE, unless FILE is one. The
%   path is not searched: what is written beside a file must be beside the one that was read.

if isfolder(file)
    error(['cifarx:' caller ':fileNotFound'], ...
          '''%s'' is a folder, not a file (current folder: %s). %s', file, pwd(), advice);
elseif ~isfile(file)
    error(['cifarx:' caller ':fileNotFound'], ...
          'There is no file ''%s'' (current folder: %s). %s', file, pwd(), advice);
end
end
