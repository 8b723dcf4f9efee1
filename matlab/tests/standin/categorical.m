function C = categorical(values, valueset)
%CATEGORICAL  Stand-in: names out of a set, in the set's order.
% https://www.mathworks.com/help/matlab/ref/categorical.html
[known, codes] = ismember(values, valueset);
if ~all(known) || numel(unique(valueset)) < numel(valueset)
    error('standin:categorical', 'Values must be in the set, whose names must differ.');
end
C = struct('Codes', codes(:), 'Categories', {valueset(:)});
end
