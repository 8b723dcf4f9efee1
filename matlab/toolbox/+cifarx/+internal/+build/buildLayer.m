function built = buildLayer(layer)
%BUILDLAYER  Create the Deep Learning Toolbox layer of one layer.
%
%   BUILT = CIFARX.INTERNAL.BUILD.BUILDLAYER(LAYER) calls the constructor of the class that
%   LAYER.Kind names, for one element of net.layers. The sizes in the file are already MATLAB's:
%   kernels h-by-w-by-C-by-F, Padding [t b l r]. Each kind states the release from which its
%   constructor accepts everything that a file can hold, its positional arguments and its
%   name-value arguments. This switch is the only place where a kind selects a constructor, so
%   text in a file cannot run anything else.
%
%   Each constructor is documented at
%   https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.NAME.html, where NAME is the
%   constructor in lower case. The releases are taken from "Since" and "Before" on those pages;
%   R2021a, the oldest supported release, stands for older ones.
%
%   See also cifarx.dlnetwork, cifarx.internal.applyLayer.

affine = {'Scale', 'Offset'};
weighted = {'Weights', 'Bias'};
sliding = [{'Stride', 'Padding', 'DilationFactor'}, weighted];
pooling = {'Stride', 'Padding'};
count = numel(layer.Inputs);
make = @(since, constructor, first, named) construct(layer, since, constructor, first, named);

switch layer.Kind
    case 'Convolution2DLayer'
        first = {kernel(layer), size(layer.Weights, 4)};
        built = make('R2021a', @convolution2dLayer, first, sliding);
    case 'GroupedConvolution2DLayer'  % the filters of one group, then the groups
        first = {kernel(layer), size(layer.Weights, 4), layer.NumGroups};
        built = make('R2021a', @groupedConvolution2dLayer, first, sliding);
    case 'TransposedConvolution2DLayer'  % Weights are h-by-w-by-F-by-C
        first = {kernel(layer), size(layer.Weights, 3)};
        built = make('R2021a', @transposedConv2dLayer, first, [{'Stride', 'Cropping'}, weighted]);
    case 'BatchNormalizationLayer'
        named = [affine, {'TrainedMean', 'TrainedVariance', 'Epsilon'}];
        built = make(small(layer), @batchNormalizationLayer, {}, named);
    case 'LayerNormalizationLayer'  % by default maps are normalized over their pixels, too
        layer.OperationDimension = 'channel-only';
        named = [affine, {'Epsilon', 'OperationDimension'}];
        built = construct(layer, 'R2023a', @layerNormalizationLayer, {}, named);
    case 'GroupNormalizationLayer'
        first = {layer.NumGroups};
        built = make(small(layer), @groupNormalizationLayer, first, [affine, {'Epsilon'}]);
    case 'InstanceNormalizationLayer'
        built = make(small(layer), @instanceNormalizationLayer, {}, [affine, {'Epsilon'}]);
    case 'CrossChannelNormalizationLayer'
        requireWindow(layer);
        first = {layer.WindowChannelSize};
        built = make('R2021a', @crossChannelNormalizationLayer, first, {'Alpha', 'Beta', 'K'});
    case 'ReLULayer'
        built = make('R2021a', @reluLayer, {}, {});
    case 'LeakyReLULayer'
        built = make('R2021a', @leakyReluLayer, {layer.Scale}, {});
    case 'ClippedReLULayer'
        built = make('R2021a', @clippedReluLayer, {layer.Ceiling}, {});
    case 'PReLULayer'
        built = make('R2024a', @preluLayer, {}, {'Alpha'});
    case 'ELULayer'
        built = make('R2021a', @eluLayer, {layer.Alpha}, {});
    case 'GELULayer'
        built = make('R2022b', @geluLayer, {}, {'Approximation'});
    case 'SwishLayer'
        built = make('R2021a', @swishLayer, {}, {});
    case 'SigmoidLayer'
        built = make('R2021a', @sigmoidLayer, {}, {});
    case 'TanhLayer'
        built = make('R2021a', @tanhLayer, {}, {});
    case 'SoftmaxLayer'
        built = make('R2021a', @softmaxLayer, {}, {});
    case 'LogSoftmaxLayer'
        built = ofFunction(layer, 1);
    case 'ElementwiseLayer'
        built = ofFunction(layer, 1);
    case 'PowerLayer'
        built = ofFunction(layer, 1);
    case 'ScalingLayer'  % before R2025a: Bias instead of Offset, in the size of Scale
        built = make('R2025a', @scalingLayer, {}, affine);
    case 'MaxPooling2DLayer'
        built = make('R2021a', @maxPooling2dLayer, {layer.PoolSize}, pooling);
    case 'AveragePooling2DLayer'
        named = pooling;
        since = 'R2021a';
        if strcmp(layer.PaddingValue, 'mean') && any(layer.Padding)
            named = [pooling, {'PaddingValue'}];  % otherwise padding counts as zeros
            since = '';  % not on the page of R2021a; the release is not documented
        end
        built = make(since, @averagePooling2dLayer, {layer.PoolSize}, named);
    case 'GlobalAveragePooling2DLayer'
        built = make('R2021a', @globalAveragePooling2dLayer, {}, {});
    case 'GlobalMaxPooling2DLayer'
        built = make('R2021a', @globalMaxPooling2dLayer, {}, {});
    case 'Resize2DLayer'
        requireKnownResize(layer);
        named = {'OutputSize', 'Method', 'GeometricTransformMode', 'NearestRoundingMode'};
        from = round(layer.OutputSize ./ layer.Scale);
        if ~isequal(layer.Scale, layer.OutputSize ./ from)
            named{1} = 'Scale';  % not the quotient of the sizes
        end
        built = make('R2021a', @resize2dLayer, {}, named);
    case 'DropoutLayer'
        built = make('R2021a', @dropoutLayer, {layer.Probability}, {});
    case 'FlattenLayer'
        built = make('R2021a', @flattenLayer, {}, {});
    case 'ReshapeLayer'  % reshapeLayer (R2025a) has MATLAB's order of values and no new labels
        layer.Formattable = true;
        first = {cifarx.internal.build.functionOf(layer)};
        built = construct(layer, 'R2021b', @functionLayer, first, {'Formattable'});
    case 'FullyConnectedLayer'
        built = make('R2021a', @fullyConnectedLayer, {size(layer.Weights, 1)}, weighted);
    case 'AdditionLayer'
        built = make('R2021a', @additionLayer, {count}, {});
    case 'MultiplicationLayer'
        built = make('R2021a', @multiplicationLayer, {count}, {});
    case 'BinaryElementwiseLayer'
        built = ofFunction(layer, 2);
    case 'DepthConcatenationLayer'
        built = make('R2021a', @depthConcatenationLayer, {count}, {});
    case 'ConcatenationLayer'
        built = make('R2021a', @concatenationLayer, {layer.Dim, count}, {});
    otherwise
        error('cifarx:dlnetwork:unknownKind', ...
              ['Layer ''%s'' is of kind ''%s'', for which this toolbox has no layer of Deep ' ...
               'Learning Toolbox. Update the toolbox; ''cifarx matlab-path'' prints the ' ...
               'folder of the newest one.'], layer.Name, layer.Kind);
end
end

function built = ofFunction(layer, count)
%OFFUNCTION  A functionLayer with a function of this toolbox; the file only selects it by a word.
layer.NumInputs = count;
first = {cifarx.internal.build.functionOf(layer)};
built = construct(layer, 'R2021b', @functionLayer, first, {'NumInputs'});
end

function extent = kernel(layer)
%KERNEL  Height and width of the kernels.
extent = [size(layer.Weights, 1), size(layer.Weights, 2)];
end

function since = small(layer)
%SMALL  The release that accepts this Epsilon; before R2023a it must be at least 1e-5.
since = 'R2021a';
if layer.Epsilon < 1e-5
    since = 'R2023a';
end
end

function built = construct(layer, since, constructor, first, named)
%CONSTRUCT  Call a constructor; explain what is needed if it is missing or fails.
needed = 'Use a newer release';
if ~isempty(since)
    needed = sprintf('It needs Deep Learning Toolbox of %s or newer', since);
end
if strcmp(layer.Kind, 'Resize2DLayer')
    needed = [needed, ' and the Image Processing Toolbox'];
end
instead = 'cifarx.predict runs the network in any release without that toolbox';
if ~exist(func2str(constructor)) %#ok<EXIST> a class or a function
    error('cifarx:dlnetwork:release', ...
          'Layer ''%s'' is a %s, but this MATLAB has no %s. %s. %s.', ...
          layer.Name, layer.Kind, func2str(constructor), needed, instead);
end
values = cellfun(@(key) layer.(key), named, 'UniformOutput', false);
given = [named; values];
fixed = notLearnt(layer);
try
    built = called(layer, constructor, [first, given(:).', fixed, {'Name', layer.Name}]);
catch reason
    kind = 'refused';
    if isempty(since) || cifarx.internal.isOlder(since)
        kind = 'release';  % of another product, or without an argument, before that release
    end
    error(['cifarx:dlnetwork:' kind], ...
          ['Layer ''%s'' is a %s, and %s of this MATLAB refuses its values: ' ...
           '%s %s. %s.'], layer.Name, layer.Kind, func2str(constructor), reason.message, ...
          needed, instead);
end
end

function built = called(layer, constructor, arguments)
%CALLED  A new layer. The page of preluLayer names scalars, vectors and matrices as Alpha, and may
% mean that 1-by-1-by-C is not accepted; then Alpha is set afterwards.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.prelulayer.html
try
    built = constructor(arguments{:});
catch reason
    if ~strcmp(layer.Kind, 'PReLULayer')
        rethrow(reason);
    end
    built = constructor('Name', layer.Name);
    built.Alpha = layer.Alpha;
end
end

function given = notLearnt(layer)
%NOTLEARNT  Learn rates of 0 for arrays that the exporter added.
%
% An example is the zero bias of a convolution without bias: PyTorch has no place for it.
keys = {'Weights', 'Bias', 'Scale', 'Offset'};
factors = {'WeightLearnRateFactor', 'BiasLearnRateFactor', 'ScaleLearnRateFactor', ...
           'OffsetLearnRateFactor'};
given = cell(1, 0);
for k = 1:numel(keys)
    if isstruct(layer.Source) && isfield(layer.Source, keys{k}) && ...
            isempty(layer.Source.(keys{k})) && ~strcmp(layer.Kind, 'ScalingLayer')
        given = [given, factors(k), {0}]; %#ok<AGROW>
    end
end
end

function requireWindow(layer)
%REQUIREWINDOW  Refuse windows that crossChannelNormalizationLayer does not accept.
if layer.WindowChannelSize > 16
    error('cifarx:dlnetwork:window', ...
          ['Layer ''%s'' normalizes over %d channels, but crossChannelNormalizationLayer ' ...
           'takes at most 16. cifarx.predict runs the network as it is; for a dlnetwork, use ' ...
           'a smaller window in PyTorch.'], layer.Name, layer.WindowChannelSize);
end
end

function requireKnownResize(layer)
%REQUIREKNOWNRESIZE  Refuse ways of resizing that resize2dLayer does not have.
% https://www.mathworks.com/help/images/ref/nnet.cnn.layer.resize2dlayer.html
if strcmp(layer.GeometricTransformMode, 'align-corners')
    what = 'aligns the corners';
    instead = 'align_corners=False';
elseif strcmp(layer.Method, 'nearest') && ~any(strcmp(layer.NearestRoundingMode, ...
                                                      {'round', 'floor'}))
    what = sprintf('rounds by ''%s''', layer.NearestRoundingMode);
    instead = 'mode=''nearest''';
else
    return
end
error('cifarx:dlnetwork:resize', ...
      ['Layer ''%s'' resizes maps and %s, which resize2dLayer cannot. cifarx.predict runs the ' ...
       'network as it is; for a dlnetwork, train with %s in PyTorch.'], layer.Name, what, instead);
end
