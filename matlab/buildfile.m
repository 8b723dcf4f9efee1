function plan = buildfile()
%BUILDFILE  Tasks for MATLAB's build tool: 'buildtool' runs check and test (R2023b or newer).
%
%   check    analyzes the code
%   test     runs tests/runCifarxTests.m with the installed products and writes
%            cifarx-matlab-report.json; in older releases, call that function instead
%   package  writes release/cifarx.mltbx, a toolbox file that a double-click installs
%
%   https://www.mathworks.com/help/matlab/ref/matlab.buildtool.plan-class.html

plan = buildplan(localfunctions());
plan("check") = matlab.buildtool.tasks.CodeIssuesTask({'toolbox', 'tests'});
plan.DefaultTasks = {'check', 'test'};
end

function testTask(~)
%TESTTASK  Run all tests and write the report.
addpath('tests');
runCifarxTests();
end

function packageTask(~)
%PACKAGETASK  Package the toolbox.
% https://www.mathworks.com/help/matlab/ref/matlab.addons.toolbox.toolboxoptions.html
if ~isfolder('release')
    mkdir('release');
end
identifier = 'a4a7f9d2-5c1e-4d53-9a7e-2f0c6f1d8b36';  % of cifarx, the same in every version
toolbox = fullfile(pwd(), 'toolbox');  % tasks run in the folder of this file
options = matlab.addons.toolbox.ToolboxOptions(toolbox, identifier);
options.ToolboxName = 'cifarx';
options.ToolboxVersion = '0.1.0';
options.Summary = 'Convolutional networks from PyTorch, checked layer by layer';
options.Description = ['Reads networks that cifarx exported from PyTorch, computes them ' ...
                       'without any toolbox, checks every layer against double precision, and ' ...
                       'creates dlnetwork objects of built-in layers.'];
options.MinimumMatlabRelease = 'R2021a';
options.MaximumMatlabRelease = '';
options.ToolboxMatlabPath = {toolbox, fullfile(toolbox, 'doc'), fullfile(toolbox, 'examples')};
options.OutputFile = fullfile(pwd(), 'release', 'cifarx.mltbx');
matlab.addons.toolbox.packageToolbox(options);
end
