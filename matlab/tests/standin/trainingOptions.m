function options = trainingOptions(solver, varargin)
%TRAININGOPTIONS  Stand-in: the documented names, with the documented defaults.
% https://www.mathworks.com/help/deeplearning/ref/trainingoptions.html
if ~strcmp(solver, 'sgdm')
    error('standin:solver', 'This stand-in trains by ''sgdm'' only.');
end
documented = {'Momentum', 0.9, 'MaxEpochs', 30, 'InitialLearnRate', 0.01, ...
              'MiniBatchSize', 128, 'L2Regularization', 0.0001, 'Plots', 'none', ...
              'Verbose', true, 'ExecutionEnvironment', 'auto', 'Shuffle', 'once', ...
              'ResetInputNormalization', true, 'BatchNormalizationStatistics', 'population'};
options = standInOptions([varargin, {'Name', 'options'}], documented);
end
