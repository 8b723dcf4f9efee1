function shape = ofConvolution(layer, given)
%OFCONVOLUTION  Size of the output of a convolution, grouped or not.
%
%   SHAPE = CIFARX.INTERNAL.SHAPE.OFCONVOLUTION(LAYER, GIVEN) checks LAYER against maps of size
%   GIVEN = [H W C] and returns [H' W' F].

cifarx.internal.check.requireMaps(layer, given);
channels = given(3);
groups = 1;
if strcmp(layer.Kind, 'GroupedConvolution2DLayer')
    groups = layer.NumGroups;
    if mod(channels, groups) ~= 0
        cifarx.internal.message.refuse(layer, 'fieldValue', ...
                                       'NumGroups is %d, expected a divisor of its %d channels', ...
                                       groups, channels);
    end
end
[height, width, ~, filters, ~] = size(layer.Weights);
cifarx.internal.check.requireArray(layer, 'Weights', ...
                                   [height, width, channels / groups, filters, groups]);
cifarx.internal.check.requireArray(layer, 'Bias', [1, 1, filters, groups]);
shape = [cifarx.internal.window.slide(layer, given, [height, width], layer.DilationFactor), ...
         filters * groups];
end
