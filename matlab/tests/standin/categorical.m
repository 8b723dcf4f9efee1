function C = categorical(values, valueset, names)
%CATEGORICAL  Stand-in: names out of a set, in the set's order; numbers outside it are undefined, 0.
% https://www.mathworks.com/help/matlab/ref/categorical.html
if nargin < 3
    names = valueset;
end
[known, codes] = ismember(values, valueset);
if ~isnumeric(values) && ~all(known) || numel(unique(names)) < numel(names)
    error('standin:categorical', 'Values must be in the set, whose names must differ.');
end
if iscell(values)
    codes = codes(:);
end
C = struct('Codes', codes, 'Categories', {names(:)});
end
