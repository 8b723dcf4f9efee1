function name = runtime()
%RUNTIME  What this code runs in.
%
%   NAME = CIFARX.INTERNAL.RUNTIME() is 'octave 7.3.0' or 'matlab R2024b', say.

if exist('OCTAVE_VERSION', 'builtin')
    name = ['octave ' version()];
else
    name = ['matlab R' version('-release')];
end
end
