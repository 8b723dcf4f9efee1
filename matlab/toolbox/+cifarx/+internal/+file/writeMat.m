function writeMat(file, content)
%WRITEMAT  Write a MAT-file under another name, and move it when it is whole.
%
%   CIFARX.INTERNAL.FILE.WRITEMAT(FILE, CONTENT) writes the fields of the structure CONTENT
%   as variables to the MAT-file FILE, uncompressed, as 'cifarx export' writes them.
%   A variable of 2 GiB or more is refused: MATLAB's save would leave it out with a
%   warning.

names = fieldnames(content);
for i = 1:numel(names)
    value = content.(names{i}); %#ok<NASGU>
    taken = whos('value');
    if taken.bytes >= 2^31
        error('cifarx:save:tooLarge', ...
              ['The variable ''%s'' of ''%s'' would take %.1f GiB; a MAT-file that every ' ...
               'MATLAB reads holds less than 2 GiB a variable.'], ...
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
%REPLACE  Move a file over another.
if exist('OCTAVE_VERSION', 'builtin')
    [failed, message] = rename(temporary, file);  % Octave's movefile asks a shell
else
    [moved, message] = movefile(temporary, file, 'f');
    failed = ~moved;
end
if failed
    error('cifarx:save:cannotWrite', '%s', message);
end
end
