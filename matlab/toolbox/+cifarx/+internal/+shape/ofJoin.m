function shape = ofJoin(layer, given)
%OFJOIN  Size of a sum, product, quotient, maximum, minimum or concatenation.
%
%   SHAPE = CIFARX.INTERNAL.SHAPE.OFJOIN(LAYER, GIVEN) checks the sizes in the cell array GIVEN,
%   [H W C] (maps) or F (features), against each other and returns the size of the output of LAYER.

alike = all(cellfun(@numel, given) == numel(given{1}));
sizes = zeros(numel(given), numel(given{1}));
if alike
    sizes = vertcat(given{:});
end
shape = sizes(1, :);
differ = any(sizes ~= shape, 1);
switch layer.Kind
    case 'AdditionLayer'
        alike = alike && ~any(differ);
        wanted = 'equal sizes';
    case {'MultiplicationLayer', 'BinaryElementwiseLayer'}
        shape = max(sizes, [], 1);
        alike = alike && all(all(sizes == shape | sizes == 1));
        wanted = 'sizes that are equal, or 1';
    otherwise  % concatenations
        dim = 3;
        if strcmp(layer.Kind, 'ConcatenationLayer')
            dim = layer.Dim;
        end
        if dim > numel(shape)
            cifarx.internal.message.refuse(layer, 'fieldValue', ...
                                           ['it joins along dimension %d, but its inputs have ' ...
                                            'only %d'], ...
                                           dim, numel(shape));
        end
        differ(dim) = false;
        shape(dim) = sum(sizes(:, dim));
        alike = alike && ~any(differ);
        wanted = sprintf('equal sizes except in dimension %d', dim);
end
if ~alike
    texts = cellfun(@cifarx.internal.message.shapeText, given, 'UniformOutput', false);
    cifarx.internal.message.refuse(layer, 'inputSize', 'its inputs are of %s, expected %s', ...
                                   strjoin(texts, ' and '), wanted);
end
end
