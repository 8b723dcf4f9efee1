function requires(name)
%REQUIRES  Skip a test where a function is missing.
%
%   REQUIRES(NAME) raises the error cifarx:test:skipped, which RUNCIFARXTESTS and
%   CIFARXTEST count as a skipped test, unless the function NAME is there.

if ~exist(name) %#ok<EXIST> a class or a function
    error('cifarx:test:skipped', 'There is no %s here.', name);
end
end
