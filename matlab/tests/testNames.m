function names = testNames()
%TESTNAMES  The names of the test functions beside this file, one per file.
files = dir(fullfile(fileparts(mfilename('fullpath')), 'test?*.m'));
names = regexprep({files.name}, '\.m$', '');
names = setdiff(names, {'testNames'});
end
