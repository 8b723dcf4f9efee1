function results = runCifarxTests(pattern)
%RUNCIFARXTESTS  Run all tests of the toolbox in MATLAB or GNU Octave, and write a report.
%
%   RESULTS = RUNCIFARXTESTS() runs every test*.m function beside this file, prints one line per
%   test and returns a structure array:
%
%     name        name of the test
%     outcome     'passed', 'failed' or 'skipped'
%     identifier  identifier of the error that failed or skipped the test, '' if there was none
%     message     its message
%     seconds     time that the test took
%
%   It then writes cifarx-matlab-report.json to the current folder: the release, the products that
%   are installed, RESULTS, the differences from PyTorch of each test network, and the time that
%   each function took. Please send this file to the authors; 'cifarx verify --matlab-report FILE'
%   makes a row of the table in matlab/README.md from it. It ends with an error if a test failed.
%
%   RESULTS = RUNCIFARXTESTS(PATTERN) runs the tests whose names match the regular expression.
%
%   In MATLAB the tests use the installed Deep Learning Toolbox; tests of products that are not
%   installed are skipped. In Octave a stand-in replaces its constructors.
%
%   See also CifarxTest, measured.

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
results = struct('name', names, 'outcome', 'passed', 'identifier', '', 'message', '', ...
                 'seconds', 0);
for i = 1:numel(names)
    test = str2func(names{i});
    start = tic();
    try
        test();
    catch reason
        results(i).outcome = 'failed';
        if strcmp(reason.identifier, 'cifarx:test:skipped')
            results(i).outcome = 'skipped';
        end
        results(i).identifier = reason.identifier;
        results(i).message = reason.message;
    end
    results(i).seconds = toc(start);
    fprintf('%s | %s | %s\n', upper(results(i).outcome), names{i}, results(i).message);
end
failed = sum(strcmp({results.outcome}, 'failed'));
fprintf('%d tests, %d failed, %d skipped | %s\n', numel(results), failed, ...
        sum(strcmp({results.outcome}, 'skipped')), cifarx.internal.runtime());
writeReport(results, fullfile(pwd(), 'cifarx-matlab-report.json'));
if failed > 0
    error('cifarx:test:failed', '%d of %d tests failed.', failed, numel(results));
end
end

function writeReport(results, file)
%WRITEREPORT  Write everything that the authors need to know, without names of folders.
report.format = 'cifarx-matlab-report';
report.version = 1;
report.runtime = cifarx.internal.runtime();
report.stand_in = '';
if exist('OCTAVE_VERSION', 'builtin')
    report.stand_in = getenv('CIFARX_STANDIN_RELEASE');
end
report.computer = computer();
products = ver();
report.products = num2cell(rmfield(products, setdiff(fieldnames(products), {'Name', 'Version'})));
report.tests = num2cell(results);
report.networks = num2cell(measured());
text = strrep(jsonencode(report), fileparts(mfilename('fullpath')), '.');
stream = fopen(file, 'w');
fwrite(stream, unicode2native(text, 'UTF-8'), 'uint8');
fclose(stream);
fprintf('wrote %s\n', file);
end
