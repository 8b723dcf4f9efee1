function results = runCifarxTests(pattern)
%RUNCIFARXTESTS  Run all tests of the toolbox, in MATLAB or GNU Octave.
%
%   RESULTS = RUNCIFARXTESTS() runs every test*.m function beside this file, prints one
%   line a test and returns a structure array with the fields name, outcome ('passed',
%   'failed' or 'skipped') and message. It ends with an error where a test failed.
%   RUNCIFARXTESTS(PATTERN) runs those whose names match the regular expression.
%
%   In MATLAB the tests use the real Deep Learning Toolbox; what is not installed makes
%   them skip. In Octave a stand-in for its constructors takes its place.
%
%   See also CifarxTest.

here = fileparts(mfilename('fullpath'));
if exist('OCTAVE_VERSION', 'builtin')
    warning('off', 'Octave:shadowed-function');  % cifarx.load and the like
    addpath(fullfile(here, 'standin'));
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
