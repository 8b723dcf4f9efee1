function [Y, bound] = ofActivation(layer, X)
%OFACTIVATION  Activation layers in double precision.
%
%   [Y, BOUND] = CIFARX.INTERNAL.TRUTH.OFACTIVATION(LAYER, X): see
%   CIFARX.INTERNAL.TRUTH.LOCALTRUTH. A library function (exp, expm1, tanh, erf, erfc) may be off by
%   4 units in the last place; the GNU C library documents at most 3 for these in single precision.

u = 2^-24;
own = 8 * u;  % 4 units in the last place are at most 8 roundings
negative = min(X, 0);
switch layer.Kind
    case 'ReLULayer'
        [Y, bound] = deal(X .* (X > 0), 0);
    case 'ClippedReLULayer'
        Y = min(X .* (X > 0), layer.Ceiling);
        bound = abs(double(single(layer.Ceiling)) - layer.Ceiling);  % 0 for 6
    case 'LeakyReLULayer'
        Y = X .* (X > 0) + layer.Scale * negative;
        bound = 2.01 * u * abs(layer.Scale * negative);
    case 'PReLULayer'
        sloped = double(layer.Alpha) .* negative;
        Y = X .* (X > 0) + sloped;
        bound = 1.01 * u * abs(sloped);
    case 'ELULayer'
        curved = layer.Alpha * (exp(negative) - 1);
        small = negative > -0.1;  % where the subtraction cancels
        curved(small) = layer.Alpha * expm1(negative(small));
        Y = X .* (X > 0) + curved;
        bound = (own + 3 * u) * abs(curved);
    case 'GELULayer'
        if strcmp(layer.Approximation, 'tanh')
            a = sqrt(2 / pi) * (X + 0.044715 * X.^3);
            t = tanh(a);
            ofSum = 7 * u * abs(a) .* (1 - t.^2) + own * abs(t);
        else
            z = X / sqrt(2);
            t = erf(z);
            ofSum = 3 * u * abs(z) .* exp(-z.^2) * 2 / sqrt(pi) + own * abs(t);
        end
        Y = X / 2 .* (1 + t);
        bound = abs(X) / 2 .* (ofSum + 3 * u * (1 + abs(t)));
    case 'SwishLayer'
        Y = X ./ (1 + exp(-X));
        % below about -88.7 exp overflows and the quotient is 0 instead of less than realmin
        bound = (2 * own + 4 * u) * abs(Y) + double(realmin('single')) * abs(X);
    case 'SigmoidLayer'
        Y = 1 ./ (1 + exp(-X));
        bound = (2 * own + 3 * u) * Y;
    case 'TanhLayer'
        Y = tanh(X);
        bound = own * abs(Y);
    case 'SoftmaxLayer'
        dim = 3 - 2 * (ndims(X) == 2); %#ok<ISMAT> rows of features, third of maps
        below = X - max(X, [], dim);
        Y = exp(below);
        Y = Y ./ sum(Y, dim);
        ofSum = cifarx.internal.truth.gammaBound(size(X, dim), numel(X) / size(X, dim));
        ofExponents = u * (abs(below) + sum(Y .* abs(below), dim)) + 2 * own;
        bound = Y .* (ofExponents + ofSum + 2 * u);
end
end
