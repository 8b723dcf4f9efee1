function shape = shapeOfConvolution(layer, given)
%SHAPEOFCONVOLUTION  Size of what a convolution, grouped or not, gives.
%
%   SHAPE = CIFARX.INTERNAL.SHAPEOFCONVOLUTION(LAYER, GIVEN) checks LAYER against maps
%   of the size GIVEN = [H W C] and gives [H' W' F].

cifarx.internal.requireMaps(layer, given);
channels = given(3);
groups = 1;
if strcmp(layer.Kind, 'GroupedConvolution2DLayer')
    groups = layer.NumGroups;
    if mod(channels, groups) ~= 0
        cifarx.internal.refuse(layer, 'fieldValue', ...
                               'NumGroups is %d, expected a divisor of its %d channels', ...
                               groups, channels);
    end
end
[height, width, ~, filters, ~] = size(layer.Weights);
cifarx.internal.requireArray(layer, 'Weights', ...
                             [height, width, channels / groups, filters, groups]);
cifarx.internal.requireArray(layer, 'Bias', [1, 1, filters, groups]);
shape = [cifarx.internal.slide(layer, given, [height, width], layer.DilationFactor), ...
         filters * groups];
end
