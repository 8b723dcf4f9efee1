function results = runCifarxTests(pattern)
%RUNCIFARXTESTS  Run all tests of the toolbox in MATLAB or GNU Octave.
%
%   RESULTS = RUNCIFARXTESTS() runs every test*.m function beside this file, prints one line per
%   test and returns a structure array with the fields name, outcome ('passed', 'failed' or
%   'skipped') and message. It ends with an error if a test failed.
%
%   RESULTS = RUNCIFARXTESTS(PATTERN) runs the tests whose names match the regular expression.
%
%   In MATLAB the tests use the installed Deep Learning Toolbox; tests of products that are not
%   installed are skipped. In Octave a stand-in replaces its constructors.
%
%   See also CifarxTest.

here = fileparts(mfilename('fullpath'));
if exist('OCTAVE_VERSION', 'builtin')
    warning('off', 'Octave:shadowed-function');  % cifarx.load and the like
    addpath(here);
    standIn();
end
addpath(here, fullfile(fileparts(here), 'toolbox'));
if nargin < 1
    pattern = '.';
end
names = testNames();
names = names(~cellfun(@isempty, regexp(names, pattern, 'once')));
results = struct('name', names, 'outcome', 'passed', 'message', '');
for i = 1:numel(names)
    test = str2func(names{i});
    try
        test();
    catch reason
        results(i).outcome = 'failed';
        if strcmp(reason.identifier, 'cifarx:test:skipped')
            results(i).outcome = 'skipped';
        end
        results(i).message = reason.message;
    end
    fprintf('%s | %s | %s\n', upper(results(i).outcome), names{i}, results(i).message);
end
failed = sum(strcmp({results.outcome}, 'failed'));
fprintf('%d tests, %d failed, %d skipped | %s\n', numel(results), failed, ...
        sum(strcmp({results.outcome}, 'skipped')), cifarx.internal.runtime());
if failed > 0
    error('cifarx:test:failed', '%d of %d tests failed.', failed, numel(results));
end
end
