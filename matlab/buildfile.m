function plan = buildfile()
%BUILDFILE  Tasks for MATLAB's build tool: 'buildtool' runs check and test (R2023b or newer).
%
%   check analyzes the code; test runs tests/CifarxTest.m with the installed products. In older
%   releases and in Octave, run tests/runCifarxTests.m instead.
%   https://www.mathworks.com/help/matlab/ref/matlab.buildtool.plan-class.html

plan = buildplan(localfunctions());
plan("check") = matlab.buildtool.tasks.CodeIssuesTask({'toolbox', 'tests'});
plan.DefaultTasks = {'check', 'test'};
end

function testTask(~)
%TESTTASK  Run all tests.
assertSuccess(runtests(fullfile('tests', 'CifarxTest.m')));
end
