function requirePlainFile(file)
%REQUIREPLAINFILE  Refuse a MAT-file that holds more than plain arrays, before it is loaded.
%
%   CIFARX.INTERNAL.CHECK.REQUIREPLAINFILE(FILE) reads through the elements of the MAT-file FILE and
%   raises an error 'cifarx:check:REASON' unless all of them are numbers, char, cells or structures,
%   uncompressed, as 'cifarx export', CIFARX.SAVE and save('-v6', ...) write them. Loading a
%   function handle can run code: Octave evaluates the text of an anonymous function, and MATLAB
%   calls loadobj of an object. Deviations from the documented format are refused, too, because
%   readers handle them differently.
%   https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf

stream = fopen(file, 'r', 'ieee-le');
if stream < 0
    error('cifarx:check:notAMatFile', 'it cannot be opened. Check its permissions');
end
closing = onCleanup(@() fclose(stream));
requireHeader(fread(stream, 128, '*uint8').');
words = fread(stream, Inf, '*uint32');  % elements begin at multiples of 8 bytes
if isempty(words)
    broken();
end
at = 1;
while at <= numel(words)
    at = walked(words, at, numel(words));
end
if mod(ftell(stream), 8) ~= 0
    broken();
end
end

function requireHeader(header)
%REQUIREHEADER  Check title, version and byte order; refuse a subsystem (objects, handles).
others = {'MATLAB 7.3', 'a MAT-file of version 7.3'; [char(137) 'HDF'], 'an HDF5 file'; ...
          '# Created by Octave', 'a text file of Octave'};
for i = 1:size(others, 1)
    start = double(others{i, 1});
    if isequal(double(header(1:min(numel(start), end))), start)
        error('cifarx:check:notAMatFile', ...
              ['it is %s, expected a MAT-file of level 5. Save it with cifarx.save or ' ...
               'save(''-v6'', ...), or export it again with ''cifarx export --mat'''], ...
              others{i, 2});
    end
end
title = 'MATLAB 5.0 MAT-file';
if numel(header) < 128 || ~strcmp(char(header(1:numel(title))), title) || ...
        ~isequal(header(125:128), uint8([0 1 double('IM')]))
    error('cifarx:check:notAMatFile', ...
          ['it is not a readable MAT-file of level 5, or it was cut short. Export it again ' ...
           'with ''cifarx export --mat'', or save it with cifarx.save or ' ...
           'save(''-v6'', ...)']);
end
if any(header(117:124) ~= 0) && any(header(117:124) ~= ' ')
    notPlain('a subsystem, which stores function handles and objects');
end
end

function next = walked(words, at, stop)
%WALKED  Check the array that begins at the word AT; return the word after it.
if words(at) == 15
    error('cifarx:check:compressed', ...
          ['it is compressed, but cifarx inspects the contents of a file before it loads ' ...
           'it. Save it with cifarx.save or save(''-v6'', ...), or export it again']);
end
[type, bytes, from, next] = tagged(words, at, stop);
if type ~= 14 || mod(bytes, 8) ~= 0
    broken();
end
if bytes == 0
    return  % []
end
[type, bytes, flags, at] = tagged(words, from, next - 1);
[dimsType, dimsBytes, dims, at] = tagged(words, at, next - 1);
[nameType, ~, ~, at] = tagged(words, at, next - 1);
form = [type, bytes, dimsType, mod(dimsBytes, 4), nameType];
if any(form ~= [6 8 5 0 1]) || dimsBytes < 8
    broken();
end
count = prod(double(words(dims:dims + dimsBytes / 4 - 1)));
at = filled(words, at, next - 1, double(words(flags)), count);
if at ~= next
    broken();
end
end

function at = filled(words, at, stop, flags, count)
%FILLED  Check the COUNT elements of an array, from the word AT to STOP.
kind = mod(flags, 256);
if kind == 4 || (kind >= 6 && kind <= 15)
    for i = 1:1 + sign(bitand(flags, 2048))  % complex numbers have two parts
        at = numbers(words, at, stop, count);
    end
    return
elseif kind == 2
    [fields, at] = fieldsOf(words, at, stop);
    count = count * fields;
elseif kind ~= 1
    names = {'a function handle', 'a sparse array', 'an object'};
    notPlain(names{find([kind == [16, 5], true], 1)});
end
empty = uint32([14 48 6 8 6 0 5 8 0 0 1 0 9 0]).';  % [], by far the most common field of layers
for i = 1:count
    if at + 13 <= stop && all(words(at:at + 13) == empty)
        at = at + 14;
    else
        at = walked(words, at, stop);
    end
end
end

function at = numbers(words, at, stop, count)
%NUMBERS  Check one data element; only UTF-8 has no fixed length.
widths = [1 1 2 2 4 4 4 0 8 0 0 8 8 0 0 1 2 4];  % bytes per number of each type
[type, bytes, ~, at] = tagged(words, at, stop);
if type < 1 || type > numel(widths) || widths(type) == 0 || ...
        (bytes ~= count * widths(type) && type ~= 16)
    broken();
end
end

function [fields, at] = fieldsOf(words, at, stop)
%FIELDSOF  Number of fields of a structure.
if at >= stop || words(at) ~= 4 * 65536 + 5  % one int32 inside the tag
    broken();
end
width = double(words(at + 1));
[type, bytes, ~, at] = tagged(words, at + 2, stop);
fields = bytes / width;
if type ~= 1 || width < 1 || fields ~= fix(fields)
    broken();
end
end

function [type, bytes, from, next] = tagged(words, at, stop)
%TAGGED  Type, length and first word of an element, and the word after it.
if at >= stop
    broken();
end
first = double(words(at));
type = mod(first, 65536);
bytes = fix(first / 65536);
from = at + 1;
next = at + 2;
if bytes == 0
    bytes = double(words(at + 1));
    from = at + 2;
    next = from + 2 * ceil(bytes / 8);
elseif bytes > 4
    broken();
end
if next > stop + 1
    broken();
end
end

function broken()
%BROKEN  Refuse a file that was cut short or deviates from the documented format.
error('cifarx:check:notAMatFile', ...
      ['it is not a readable MAT-file, or it was cut short. Export it again, or save it again ' ...
       'with cifarx.save']);
end

function notPlain(found)
%NOTPLAIN  Refuse contents that could run code.
error('cifarx:check:notPlain', ...
      ['it holds %s, expected only numbers, char, cells and structures. It was not loaded, ' ...
       'because loading could run code in it. Do not load it unless you trust its author'], ...
      found);
end
