function writeMat(file, content)
%WRITEMAT  Write a MAT-file under a temporary name and rename it when it is complete.
%
%   CIFARX.INTERNAL.FILE.WRITEMAT(FILE, CONTENT) writes the fields of the structure CONTENT as
%   variables to the MAT-file FILE, uncompressed, as 'cifarx export' writes them. Variables of 2 GiB
%   or more are refused, because MATLAB's save would leave them out with only a warning.

names = fieldnames(content);
for i = 1:numel(names)
    value = content.(names{i}); %#ok<NASGU>
    taken = whos('value');
    if taken.bytes >= 2^31
        error('cifarx:save:tooLarge', ...
              ['The variable ''%s'' of ''%s'' would take %.1f GiB; MAT-files that every MATLAB ' ...
               'can read are limited to 2 GiB per variable.'], ...
              names{i}, file, taken.bytes / 2^30);
    end
end
folder = fileparts(file);
if isempty(folder)
    folder = pwd();
end
if exist(folder, 'dir') ~= 7
    error('cifarx:save:folderNotFound', ...
          'The file ''%s'' cannot be written: there is no folder ''%s''.', file, folder);
end
temporary = [tempname(folder) '.mat'];
try
    save('-v6', temporary, '-struct', 'content');
    replace(temporary, file);
catch reason
    if exist(temporary, 'file') == 2
        delete(temporary);
    end
    error('cifarx:save:cannotWrite', 'The file ''%s'' cannot be written: %s', ...
          file, reason.message);
end
end

function replace(temporary, file)
%REPLACE  Move a file over another one.
if exist('OCTAVE_VERSION', 'builtin')
    [failed, message] = rename(temporary, file);  % Octave's movefile calls a shell
else
    [moved, message] = movefile(temporary, file, 'f');
    failed = ~moved;
end
if failed
    error('cifarx:save:cannotWrite', '%s', message);
end
end
