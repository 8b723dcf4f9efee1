function plan = buildfile()
%BUILDFILE  Tasks for MATLAB's build tool: 'buildtool' runs check and test (R2023b or newer).
%
%   check finds problems in the code; test runs tests/CifarxTest.m, with whatever
%   toolboxes there are. In older releases and in Octave: tests/runCifarxTests.m.
%   https://www.mathworks.com/help/matlab/ref/matlab.buildtool.plan-class.html

plan = buildplan(localfunctions());
plan("check") = matlab.buildtool.tasks.CodeIssuesTask({'toolbox', 'tests'});
plan.DefaultTasks = {'check', 'test'};
end

function testTask(~)
%TESTTASK  Run all tests.
assertSuccess(runtests(fullfile('tests', 'CifarxTest.m')));
end
