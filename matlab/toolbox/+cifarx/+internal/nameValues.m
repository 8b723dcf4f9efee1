function options = nameValues(given, options, caller, before)
%NAMEVALUES  Options of a public function, pairs of a name and a value.
%
%   OPTIONS = CIFARX.INTERNAL.NAMEVALUES(GIVEN, OPTIONS, CALLER, BEFORE) replaces fields of
%   the 1-by-1 structure OPTIONS by the values in the cell array GIVEN, VARARGIN of the public
%   function CALLER, which takes BEFORE arguments before them. Names are taken in upper and
%   lower case. Anything else than pairs of these names raises the error
%   cifarx:CALLER:option; the values are for CALLER to check.

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
              'Options are pairs of a name and a value, of the names ''%s'', but %s.', ...
              strjoin(names.', ''', '''), problem);
    end
    options.(names{known}) = cifarx.internal.asChar(given{i + 1});
end
end
