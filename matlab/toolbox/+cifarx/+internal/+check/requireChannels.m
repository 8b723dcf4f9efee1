function requireChannels(layer, given)
%REQUIRECHANNELS  Refuse arrays that do not hold one value per channel.
%
%   CIFARX.INTERNAL.CHECK.REQUIRECHANNELS(LAYER, GIVEN) checks a normalization, ScalingLayer,
%   PowerLayer or PReLULayer against an input of size GIVEN, [H W C] (maps) or F (features).

if any(strcmp(layer.Kind, {'GroupNormalizationLayer', 'InstanceNormalizationLayer', ...
                           'CrossChannelNormalizationLayer'}))
    cifarx.internal.check.requireMaps(layer, given);
end
channels = given(end);
if strcmp(layer.Kind, 'GroupNormalizationLayer') && mod(channels, layer.NumGroups) ~= 0
    cifarx.internal.message.refuse(layer, 'fieldValue', ...
                                   'NumGroups is %d, expected a divisor of its %d channels', ...
                                   layer.NumGroups, channels);
end
wanted = {[channels, 1]};
if numel(given) == 3
    wanted = {[1, 1, channels]};
end
if any(strcmp(layer.Kind, {'ScalingLayer', 'PowerLayer'}))
    wanted = [{[1, 1]}, wanted];
end
if strcmp(layer.Kind, 'ScalingLayer') && numel(given) == 3
    wanted{end + 1} = given;
end
[~, arrays] = cifarx.internal.vocabulary(layer.Kind);
for i = 1:numel(arrays)
    cifarx.internal.check.requireArray(layer, arrays{i}, wanted{:});
end
if strcmp(layer.Kind, 'BatchNormalizationLayer') && any(layer.TrainedVariance(:) < 0)
    cifarx.internal.message.refuse(layer, 'fieldValue', ...
                                   'TrainedVariance holds %g, expected numbers of 0 or more', ...
                                   min(layer.TrainedVariance(:)));
end
end
