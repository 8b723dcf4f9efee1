%% Verify a network against PyTorch
% No toolbox is needed. model.mat, from 'cifarx export --mat', must be in the current folder. Put
% the folder of this script on the path and call it by name; run would change to it.
%
%  >> cd('folder of model.mat')
%  >> verifyNetwork

%% Check the network
% cifarx.verify prints one line per check and the verdict last: EQUIVALENT, SAME PREDICTIONS or
% DIFFERENT.
report = cifarx.verify('model.mat');

%% Show the result
% The error of the outputs is given in units of the error that PyTorch itself makes in single
% precision, both relative to PyTorch in double precision.
fprintf('%s: %.1f times the error of PyTorch''s float32\n', report.runtime, report.ratio);
fprintf('%d predictions changed\n', numel(report.changed));

%% List the checks that failed
failed = report.checks(~[report.checks.passed]);
for i = 1:numel(failed)
    fprintf('%s: %s\n', failed(i).name, failed(i).detail);
end
