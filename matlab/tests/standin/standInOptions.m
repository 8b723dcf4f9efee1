function options = standInOptions(given, documented)
%STANDINOPTIONS  Name-value arguments of a stand-in constructor.
%
%   OPTIONS = STANDINOPTIONS(GIVEN, DOCUMENTED) turns the cell array GIVEN of names and
%   values into a structure with the names in the 1-by-2n cell array DOCUMENTED of names
%   and default values, and 'Name'. Names that the documentation does not list are refused.

documented = [documented, {'Name', ''}];
options = cell2struct(documented(2:2:end), documented(1:2:end), 2);
if mod(numel(given), 2) ~= 0 || ~iscellstr(given(1:2:end)) %#ok<ISCLSTR>
    error('standin:pairs', 'Names and values must come in pairs.');
end
if numel(unique(given(1:2:end))) < numel(given) / 2
    error('standin:repeated', 'A name is given twice.');
end
for i = 1:2:numel(given)
    if ~isfield(options, given{i})
        error('standin:unknownName', 'The documentation does not list ''%s'', only %s.', ...
              given{i}, strjoin(fieldnames(options).', ', '));
    end
    options.(given{i}) = given{i + 1};
end
if ~ischar(options.Name) || isempty(options.Name)
    error('standin:name', 'A layer of a layer graph needs a name.');
end
end
