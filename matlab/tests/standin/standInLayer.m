function layer = standInLayer(kind, options, forward, inputs)
%STANDINLAYER  A layer object of the stand-in.
%
%   LAYER = STANDINLAYER(KIND, OPTIONS, FORWARD) is a structure that the stand-in's
%   class.m calls 'nnet.cnn.layer.KIND', with the fields of the structure OPTIONS as
%   properties. FORWARD is a function of a cell array of inputs, each a structure with
%   Data (double) and Format ('SSCB' or 'CB'), and returns such a structure.
%   STANDINLAYER(KIND, OPTIONS, FORWARD, INPUTS) has INPUTS inputs, in1, in2 and so on.

if nargin < 4
    inputs = 1;
end
properties = {'Name', 'InputSize', 'Normalization', 'Mean', 'StandardDeviation', ...
              'FilterSize', 'NumFilters', 'NumGroups', 'PoolSize', 'Stride', 'PaddingSize', ...
              'PaddingValue', 'CroppingSize', 'DilationFactor', 'Weights', 'Bias', 'Scale', ...
              'Offset', 'Alpha', 'Epsilon', 'TrainedMean', 'TrainedVariance', ...
              'OperationDimension', 'Approximation', 'Method', ...
              'GeometricTransformMode', 'NearestRoundingMode', 'Ceiling', 'WindowChannelSize', ...
              'Beta', 'K', 'Probability', 'OutputSize', 'Dim', 'Classes', 'PredictFcn', ...
              'WeightLearnRateFactor', 'BiasLearnRateFactor', 'ScaleLearnRateFactor', ...
              'OffsetLearnRateFactor'};
layer.StandInClass = ['nnet.cnn.layer.' kind];
layer.Forward = forward;
layer.NumInputs = inputs;
layer.Missing = {};  % properties that the release does not have
if isfield(options, 'Missing')
    layer.Missing = options.Missing;
end
for i = 1:numel(properties)  % all have all fields, so that they make one array
    layer.(properties{i}) = [];
    if isfield(options, properties{i})
        layer.(properties{i}) = options.(properties{i});
    end
end
end
