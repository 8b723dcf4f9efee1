function requireOption(layer, key)
%REQUIREOPTION  Refuse an invalid option of a layer.
%
%   CIFARX.INTERNAL.CHECK.REQUIREOPTION(LAYER, KEY) checks the class, size and values of
%   LAYER.(KEY). Stride, for example, must be 1-by-2 double with whole numbers of 1 or more.

value = layer.(key);
switch key
    case {'Stride', 'PoolSize', 'DilationFactor'}
        sound = whole(value, 2, 1);
        wanted = '1-by-2 double, whole numbers of 1 or more [vertical horizontal]';
    case {'Padding', 'Cropping'}
        sound = whole(value, 4, 0);
        wanted = '1-by-4 double, whole numbers of 0 or more [top bottom left right]';
    case 'OutputSize'
        maps = strcmp(layer.Kind, 'ReshapeLayer');
        sound = whole(value, 2 + maps, 1);
        wanted = '1-by-2 double, whole numbers of 1 or more [vertical horizontal]';
        if maps
            wanted = '1-by-3 double, whole numbers of 1 or more [height width channels]';
        end
    case {'NumGroups', 'Dim'}
        sound = whole(value, 1, 1);
        wanted = 'a double, a whole number of 1 or more';
    case 'WindowChannelSize'
        sound = whole(value, 1, 1) && mod(value, 2) == 1;
        wanted = 'a double, an odd number of 1 or more';
    case 'Approximation'
        [sound, wanted] = word(value, {'none', 'tanh'});
    case 'Method'
        [sound, wanted] = word(value, {'nearest', 'bilinear'});
    case 'GeometricTransformMode'
        [sound, wanted] = word(value, {'half-pixel', 'asymmetric', 'align-corners'});
    case 'NearestRoundingMode'
        [sound, wanted] = word(value, {'round', 'floor', 'ceil', 'round-half-down'});
    case 'Function'
        words = {'abs', 'ceil', 'cos', 'exp', 'floor', 'log', 'reciprocal', 'sign', 'sin', ...
                 'softplus', 'sqrt'};
        if strcmp(layer.Kind, 'BinaryElementwiseLayer')
            words = {'divide', 'max', 'min'};
        end
        [sound, wanted] = word(value, words);
    case 'PaddingValue'
        sound = (isNumber(value) && value == 0) || isequal(value, 'mean');
        wanted = '0 or ''mean''';
    case 'Epsilon'
        sound = isNumber(value) && value >= 0;
        wanted = 'a double, one finite number of 0 or more';
    case 'Probability'
        sound = isNumber(value) && value >= 0 && value < 1;
        wanted = 'a double, one number of 0 or more and below 1';
    otherwise
        sound = isNumber(value);
        wanted = 'a double, one finite number';
        if strcmp(key, 'Scale') && strcmp(layer.Kind, 'Resize2DLayer')
            sound = isa(value, 'double') && isreal(value) && ~issparse(value) && ...
                    isequal(size(value), [1, 2]) && all(isfinite(value) & value > 0);
            wanted = '1-by-2 double, finite numbers above 0 [vertical horizontal]';
        end
end
if ~sound
    cifarx.internal.message.refuse(layer, reasonOf(value, wanted), '%s is %s, expected %s', key, ...
                                   cifarx.internal.message.valueText(value), wanted);
end
end

function [sound, wanted] = word(value, words)
%WORD  Whether a value is one of some words, and their list for a message.
sound = ischar(value) && any(strcmp(value, words));
quoted = strcat('''', words, '''');
wanted = [strjoin(quoted(1:end - 1), ', '), ' or ', quoted{end}];
end

function sound = whole(value, count, least)
%WHOLE  Whether a value is a row of COUNT whole numbers of LEAST or more.
sound = isa(value, 'double') && isreal(value) && ~issparse(value) && ...
        isequal(size(value), [1, count]) && ...
        all(value >= least & value == fix(value) & value < 2^31);
end

function sound = isNumber(value)
%ISNUMBER  Whether a value is one finite real double.
sound = isa(value, 'double') && isreal(value) && ~issparse(value) && numel(value) == 1 && ...
        isfinite(value);
end

function reason = reasonOf(value, wanted)
%REASONOF  Which of class, size and value is wrong, in this order.
reason = 'fieldValue';
if ~isa(value, 'double') && isempty(strfind(wanted, '''')) %#ok<STREMP>
    reason = 'fieldClass';
elseif isa(value, 'double') && numel(value) ~= 1 || isempty(value)
    reason = 'fieldSize';
end
end
