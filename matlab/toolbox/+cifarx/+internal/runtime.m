function name = runtime()
%RUNTIME  Name of the program that runs this code.
%
%   NAME = CIFARX.INTERNAL.RUNTIME() is for example 'octave 7.3.0' or 'matlab R2024b'.

if exist('OCTAVE_VERSION', 'builtin')
    name = ['octave ' version()];
else
    name = ['matlab ' cifarx.internal.release()];
end
end
