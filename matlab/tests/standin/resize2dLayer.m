function layer = resize2dLayer(varargin)
%RESIZE2DLAYER  Stand-in for the constructor of the Image Processing Toolbox (R2020b).
% https://www.mathworks.com/help/images/ref/nnet.cnn.layer.resize2dlayer.html
options = standInOptions(varargin, {'Scale', [], 'OutputSize', [], 'Method', 'nearest', ...
                                    'GeometricTransformMode', 'half-pixel', ...
                                    'NearestRoundingMode', 'round'});
if isempty(options.Scale) == isempty(options.OutputSize)
    error('standin:resize', 'Give either Scale or OutputSize.');
end
oneOf(options.Method, {'nearest', 'bilinear'});
oneOf(options.GeometricTransformMode, {'half-pixel', 'asymmetric'});
oneOf(options.NearestRoundingMode, {'round', 'floor', 'onnx-10'});
layer = standInLayer('Resize2DLayer', options, @(inputs) forward(inputs{1}, options));
end

function oneOf(value, words)
if ~any(strcmp(value, words))
    error('standin:resize', '%s is not one of %s.', value, strjoin(words, ', '));
end
end

function X = forward(X, options)
%FORWARD  One axis after the other, turned to the front.
for axis = 1:2
    order = 1:4;
    order([1, axis]) = [axis, 1];
    X.Data = permute(resized(permute(X.Data, order), axis, options), order);
end
end

function Y = resized(M, axis, options)
extent = size(M, 1);
if isempty(options.Scale)
    count = options.OutputSize(axis);
    step = extent / count;
else
    count = floor(extent * options.Scale(axis));
    step = 1 / options.Scale(axis);
end
at = (1:count) * step;
if strcmp(options.GeometricTransformMode, 'half-pixel')
    at = at - step / 2 + 0.5;
else
    at = at - step + 1;
end
if strcmp(options.Method, 'nearest')
    at = at + 1e-9;  % just below a whole number by rounding
    if strcmp(options.NearestRoundingMode, 'round')
        at = at + 0.5;
    end
    at = floor(at);
end
at = min(max(at, 1), extent);
if extent == 1
    Y = repmat(M, [count, 1, 1, 1]);
else
    Y = interp1(1:extent, reshape(M, extent, []), at(:), 'linear');
    Y = reshape(Y, [count, size(M, 2), size(M, 3), size(M, 4)]);
end
end
