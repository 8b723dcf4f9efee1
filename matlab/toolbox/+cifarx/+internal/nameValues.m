function options = nameValues(given, options, caller, before)
%NAMEVALUES  Parse the name-value arguments of a public function.
%
%   OPTIONS = CIFARX.INTERNAL.NAMEVALUES(GIVEN, OPTIONS, CALLER, BEFORE) replaces fields of the
%   1-by-1 structure OPTIONS by the values in the cell array GIVEN, the VARARGIN of the public
%   function CALLER, which takes BEFORE arguments before it. Names are not case-sensitive. Anything
%   but pairs of these names and values raises the error cifarx:CALLER:option. CALLER checks the
%   values.

names = fieldnames(options);
for i = 1:2:numel(given)
    name = cifarx.internal.asChar(given{i});
    known = find(ischar(name) & strcmpi(name, names));
    problem = '';
    if isempty(known)
        problem = sprintf('argument %d is %s', before + i, cifarx.internal.message.valueText(name));
    elseif i == numel(given)
        problem = sprintf('''%s'' has no value', names{known});
    end
    if ~isempty(problem)
        error(['cifarx:' caller ':option'], ...
              'Options must be name-value pairs with the names ''%s'', but %s.', ...
              strjoin(names.', ''', '''), problem);
    end
    options.(names{known}) = cifarx.internal.asChar(given{i + 1});
end
end
