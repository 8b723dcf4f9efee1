function requireFields(value, name, fields)
%REQUIREFIELDS  Refuse a variable of a file that is not a structure with all fields.
%
%   CIFARX.INTERNAL.CHECK.REQUIREFIELDS(VALUE, NAME, FIELDS) raises 'cifarx:check:fieldClass' or
%   'cifarx:check:missingField' unless VALUE, the variable NAME, is a structure with the FIELDS, a
%   cell array of names; one structure, but for inputs, layers and outputs, which may be several.

several = any(strcmp(name, {'inputs', 'layers', 'outputs'}));
if ~isstruct(value) || isempty(value) || (numel(value) ~= 1 && ~several)
    error('cifarx:check:fieldClass', ...
          'the variable ''%s'' is a %s %s, expected a structure with the fields %s', ...
          name, cifarx.internal.message.sizeText(value), class(value), strjoin(fields, ', '));
end
there = isfield(value, fields);
if ~all(there)
    error('cifarx:check:missingField', ...
          'the variable ''%s'' has no field ''%s'', expected the fields %s', ...
          name, fields{find(~there, 1)}, strjoin(fields, ', '));
end
end
