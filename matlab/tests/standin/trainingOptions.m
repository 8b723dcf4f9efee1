function options = trainingOptions(solver, varargin)
%TRAININGOPTIONS  Stand-in: the documented names, defaults and values.
% https://www.mathworks.com/help/deeplearning/ref/trainingoptions.html
if ~strcmp(solver, 'sgdm')
    error('standin:solver', 'This stand-in trains by ''sgdm'' only.');
end
documented = {'Momentum', 0.9, 'MaxEpochs', 30, 'InitialLearnRate', 0.01, ...
              'MiniBatchSize', 128, 'L2Regularization', 0.0001, 'Plots', 'none', ...
              'Verbose', true, 'ExecutionEnvironment', 'auto', 'Shuffle', 'once', ...
              'ResetInputNormalization', true, 'BatchNormalizationStatistics', 'population'};
options = standInOptions([varargin, {'Name', 'options'}], documented);
standInNumber('Momentum', options.Momentum, 0, 1);
standInNumber('L2Regularization', options.L2Regularization, 0, Inf);
standInNumber('InitialLearnRate', options.InitialLearnRate, realmin, Inf);
for name = {'MaxEpochs', 'MiniBatchSize'}
    standInNumber(name{1}, options.(name{1}), 1, Inf);
    standInNumber([name{1} ', its fraction,'], mod(options.(name{1}), 1), 0, 0);
end
for name = {'Verbose', 'ResetInputNormalization'}
    standInNumber(name{1}, double(options.(name{1})), 0, 1);
end
environments = {'auto', 'cpu', 'gpu', 'multi-gpu', 'parallel'};
if standInSince('R2024a')
    environments = {'auto', 'cpu', 'gpu', 'multi-gpu', 'parallel-auto', 'parallel-cpu', ...
                    'parallel-gpu', 'parallel'};
end
oneOf('ExecutionEnvironment', options, environments);
oneOf('Plots', options, {'none', 'training-progress'});
oneOf('Shuffle', options, {'once', 'never', 'every-epoch'});
oneOf('BatchNormalizationStatistics', options, {'population', 'moving', 'auto'});
end

function oneOf(name, options, known)
%ONEOF  Refuse a word that is not documented.
if ~ischar(options.(name)) || ~ismember(options.(name), known)
    error('standin:value', '%s must be one of %s.', name, strjoin(known, ', '));
end
end
