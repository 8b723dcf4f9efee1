function [Y, bound] = ofFunction(layer, inputs)
%OFFUNCTION  Functions of one or two elements, powers and log-softmax in double precision.
%
%   [Y, BOUND] = CIFARX.INTERNAL.TRUTH.OFFUNCTION(LAYER, INPUTS): see
%   CIFARX.INTERNAL.TRUTH.LOCALTRUTH. A library function may be off by 4 units in the last place, as
%   in CIFARX.INTERNAL.TRUTH.OFACTIVATION; a root or reciprocal by one, because not every library
%   rounds them to the nearest.

u = 2^-24;
own = 8 * u;
X = inputs{1};
switch layer.Kind
    case 'ElementwiseLayer'
        [Y, bound] = ofOne(layer.Function, X, own, u);
    case 'PowerLayer'
        exponent = double(layer.Exponent);
        Y = sign(X).^exponent .* exp(exponent .* log(abs(X)));  % 0 .* -Inf is NaN: set below
        Y(X == 0 & exponent == 0) = 1;
        Y(X < 0 & exponent ~= fix(exponent)) = NaN;  % complex
        Y = real(Y);
        bound = (2 * own + 2 * u) * abs(Y);
    case 'BinaryElementwiseLayer'
        [Y, bound] = ofTwo(layer.Function, X, inputs{2});
    case 'LogSoftmaxLayer'
        dim = 3 - 2 * (ndims(X) == 2); %#ok<ISMAT> rows of features, third of maps
        below = X - max(X, [], dim);
        share = exp(below);
        total = sum(share, dim);
        share = share ./ total;
        Y = below - log(total);
        ofSum = cifarx.internal.truth.gammaBound(size(X, dim), numel(X) / size(X, dim));
        bound = ofSum + own + u * sum(share .* abs(below), dim) + own * log(total) + ...
                u * (2 * abs(below) + abs(Y));
end
end

function [Y, bound] = ofOne(name, X, own, u)
%OFONE  A function of each element.
switch name
    case 'abs'
        [Y, bound] = deal(max(X, -X), 0);
    case 'ceil'
        [Y, bound] = deal(-floor(-X), 0);
    case 'floor'
        [Y, bound] = deal(-ceil(-X), 0);
    case 'sign'
        [Y, bound] = deal((X > 0) - (X < 0), 0);
    case 'cos'
        Y = real(exp(1i * X));
        bound = own * abs(Y);
    case 'sin'
        Y = imag(exp(1i * X));
        bound = own * abs(Y);
    case 'exp'
        Y = exp(X);
        bound = own * Y;
    case 'log'
        X(X < 0) = NaN;
        Y = log(X);
        bound = own * abs(Y);
    case 'reciprocal'
        Y = X.^-1;
        bound = cifarx.internal.truth.gammaBound(2) * abs(Y);
    case 'softplus'
        small = exp(-max(X, -X));
        Y = X .* (X > 0) + 2 * atanh(small ./ (2 + small));  % log(1 + small)
        bound = (2 * own + 2 * u) * Y;
    case 'sqrt'
        X(X < 0) = NaN;
        Y = X.^0.5;
        bound = cifarx.internal.truth.gammaBound(2) * abs(Y);
end
end

function [Y, bound] = ofTwo(name, A, B)
%OFTWO  A function of each pair of elements.
switch name
    case 'divide'
        Y = A ./ B;
        bound = cifarx.internal.truth.gammaBound(1) * abs(Y);
    case 'max'
        Y = A .* (A >= B) + B .* (A < B);
        bound = 0;
    case 'min'
        Y = A .* (A <= B) + B .* (A > B);
        bound = 0;
end
end
