function varargout = predict(dlnet, varargin)
%PREDICT  Stand-in: the outputs of a dlnetwork, layer by layer, in double precision.
% https://www.mathworks.com/help/deeplearning/ref/dlnetwork.predict.html
wanted = dlnet.OutputNames;
if numel(varargin) > 1 && ischar(varargin{end - 1})
    assert(strcmp(varargin{end - 1}, 'Outputs'));
    wanted = varargin{end};
    varargin = varargin(1:end - 2);
end
inputLayers = standInInputs(dlnet.Layers);
if numel(varargin) ~= numel(inputLayers) || nargout > numel(wanted)
    error('standin:count', 'The network has %d inputs and %d outputs.', numel(inputLayers), ...
          numel(wanted));
end
values = containers.Map();
left = 1:numel(dlnet.Layers);
while ~isempty(left)
    i = left(1);
    left(1) = [];
    layer = dlnet.Layers(i);
    if ismember(i, inputLayers)
        inputs = {given(varargin{inputLayers == i}, layer, dlnet)};
    else
        inputs = sources(dlnet, layer, values);
        if isempty(inputs)
            left(end + 1) = i; %#ok<AGROW> its turn comes later
            continue
        end
    end
    if strcmp(class(layer), 'nnet.cnn.layer.PReLULayer')
        inputs{2} = layer.Alpha;  % as it is now: it can be set after the layer is made
    end
    values(layer.Name) = layer.Forward(inputs);
end
varargout = cellfun(@(name) values(name), reshape(wanted, 1, []), 'UniformOutput', false);
varargout = varargout(1:max(1, nargout));
end

function X = given(X, layer, dlnet)
%GIVEN  The array of an input layer, in double precision.
if isfield(dlnet, 'Imported') && strcmp(X.Format, 'SCB')
    X = dlarray(reshape(X.Data, [1, size(X.Data, 1), size(X.Data, 2), size(X.Data, 3)]), 'SSCB');
end
formats = {'CB', 'SSCB'};
format = formats{1 + (numel(layer.InputSize) == 3)};
if ~strcmp(X.Format, format)
    error('standin:format', 'Layer ''%s'' takes a dlarray of format %s.', layer.Name, format);
end
X.Data = double(X.Data);
standInSize('the input', X.Data, [layer.InputSize, NaN]);
end

function inputs = sources(dlnet, layer, values)
%SOURCES  The values that a layer reads; none if some are not computed yet.
to = dlnet.Connections.Destination;
from = dlnet.Connections.Source(strcmp(strtok(to, '/'), layer.Name));
to = to(strcmp(strtok(to, '/'), layer.Name));
[~, order] = sort(str2double(regexprep(to, '^.*/in', '')));
from = from(order);
inputs = {};
if all(isKey(values, from))
    inputs = cellfun(@(name) values(name), from, 'UniformOutput', false).';
end
end
