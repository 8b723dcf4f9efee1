function requires(name)
%REQUIRES  Skip a test if a function does not exist.
%
%   REQUIRES(NAME) raises the error cifarx:test:skipped unless the function NAME exists.
%   RUNCIFARXTESTS and CIFARXTEST count it as a skipped test.

if ~exist(name) %#ok<EXIST> a class or a function
    error('cifarx:test:skipped', '%s is not installed.', name);
end
end
