function layers = localCheck(net, inputs)
%LOCALCHECK  Check every layer on the input that it gets here.
%
%   LAYERS = CIFARX.INTERNAL.TRUTH.LOCALCHECK(NET, INPUTS) runs NET on the cell array INPUTS of
%   single arrays in natural layout, which are already normalized, and compares the output of each
%   layer with the same layer in double precision for the same single input. Errors do not
%   accumulate from layer to layer, so a layer beyond its bound is itself at fault. LAYERS is a
%   1-by-L structure array with Name, Kind and Module as in net.layers, and
%
%     ratio    largest error divided by the bound of CIFARX.INTERNAL.TRUTH.LOCALTRUTH; 0 for equal
%              values, Inf for any error of a layer without arithmetic
%     passed   ratio <= 1
%
%   Eight observations are computed at a time, and activations are kept until their last use.

layers = struct('Name', {net.layers.Name}, 'Kind', {net.layers.Kind}, ...
                'Module', {net.layers.Module}, 'ratio', 0, 'passed', false);
given = numel(net.inputs);
names = [{net.inputs.Name}, {net.layers.Name}];
sources = cell(1, numel(layers));
lastUse = zeros(1, numel(names));
for i = 1:numel(layers)
    [~, sources{i}] = ismember(net.layers(i).Inputs(:).', names);
    lastUse(sources{i}) = i;
end
count = cifarx.internal.layout.countOf(inputs{1}, net.inputs(1));
for first = 1:8:count
    values = cell(1, numel(names));
    for k = 1:given
        part = cifarx.internal.layout.chosen(inputs{k}, net.inputs(k), first:min(first + 7, count));
        values{k} = cifarx.internal.layout.carried(part, net.inputs(k));
    end
    for i = 1:numel(layers)
        read = values(sources{i});
        Y = cifarx.internal.applyLayer(net.layers(i), read);
        [truth, bound] = cifarx.internal.truth.localTruth(net.layers(i), read);
        layers(i).ratio = max(layers(i).ratio, worst(Y, truth, bound));
        values{given + i} = Y;
        values(lastUse <= i & 1:numel(names) < given + i) = {[]};
    end
end
passed = num2cell([layers.ratio] <= 1);
[layers.passed] = passed{:};
end

function ratio = worst(Y, truth, bound)
%WORST  Largest error divided by its bound; Inf if the sizes differ or a value is NaN.
if ~isequal(size(Y), size(truth)) || ~isa(Y, 'single')
    ratio = Inf;
    return
end
offBy = abs(double(Y(:)) - truth(:));
ratios = offBy ./ bound(:);
ratios(offBy == 0) = 0;
ratios(isnan(ratios)) = Inf;
ratio = max([ratios; 0]);
end
