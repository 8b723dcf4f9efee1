function requireFile(file, caller, advice)
%REQUIREFILE  Refuse a name that is not the name of a file.
%
%   CIFARX.INTERNAL.CHECK.REQUIREFILE(FILE, CALLER, ADVICE) raises the error
%   cifarx:CALLER:fileNotFound, with ADVICE on what to do, unless FILE is a file. The MATLAB path
%   is not searched, because results are written beside the file that was read.

if isfolder(file)
    error(['cifarx:' caller ':fileNotFound'], ...
          '''%s'' is a folder, not a file (current folder: %s). %s', file, pwd(), advice);
elseif ~isfile(file)
    error(['cifarx:' caller ':fileNotFound'], ...
          'There is no file ''%s'' (current folder: %s). %s', file, pwd(), advice);
end
end
