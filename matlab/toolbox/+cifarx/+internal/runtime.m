function name = runtime()
%RUNTIME  What this code runs in.
%
%   NAME = CIFARX.INTERNAL.RUNTIME() is 'octave 7.3.0' or 'matlab 9.14.0', say.

release = strsplit(version(), ' ');
if exist('OCTAVE_VERSION', 'builtin')
    name = ['octave ' release{1}];
else
    name = ['matlab ' release{1}];
end
end
