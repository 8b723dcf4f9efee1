function standInSize(name, value, expected)
%STANDINSIZE  Refuse an array whose size is not the documented one.
%
%   STANDINSIZE(NAME, VALUE, EXPECTED) raises an error unless the numeric array VALUE
%   has the size EXPECTED; NaN there stands for any length.

found = size(value);
found(end + 1:numel(expected)) = 1;
expected(end + 1:numel(found)) = 1;
if ~isnumeric(value) || any(found ~= expected & ~isnan(expected))
    error('standin:size', '%s must be %s, but is %s.', name, mat2str(expected), mat2str(found));
end
end
