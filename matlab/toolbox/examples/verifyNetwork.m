%% Verify a network against PyTorch
% No toolbox is needed. model.mat, from 'cifarx export --mat', lies in the current folder.
%
%  >> cd('folder of model.mat')
%  >> verifyNetwork                 % with this script's folder on the path; run would go there

%% The check
% One line a check, the verdict last: EQUIVALENT, SAME PREDICTIONS or DIFFERENT.
report = cifarx.verify('model.mat');

%% What it found
% The error of the outputs is measured in units of the error that PyTorch itself makes in single
% precision, both against PyTorch in double precision.
fprintf('%s: %.1f times the error of PyTorch''s float32\n', report.runtime, report.ratio);
fprintf('%d predictions changed\n', numel(report.changed));

%% Checks that failed
failed = report.checks(~[report.checks.passed]);
for i = 1:numel(failed)
    fprintf('%s: %s\n', failed(i).name, failed(i).detail);
end
