function Y = elementwise(X, name)
%ELEMENTWISE  Function of each element.
%
%   Y = CIFARX.LAYER.ELEMENTWISE(X, NAME) is the function with this NAME of a single array X of any
%   size: 'abs', 'ceil', 'cos', 'exp', 'floor', 'log', 'reciprocal' (1 ./ X), 'sign', 'sin',
%   'softplus' or 'sqrt'. Softplus, log(1 + exp(X)), is computed as max(X, 0) + log1p(exp(-abs(X))),
%   which neither overflows nor loses digits. Y is NaN where the function is not real.

switch name
    case 'abs'
        Y = abs(X);
    case 'ceil'
        Y = ceil(X);
    case 'cos'
        Y = cos(X);
    case 'exp'
        Y = exp(X);
    case 'floor'
        Y = floor(X);
    case 'log'
        Y = log(notNegative(X));
    case 'reciprocal'
        Y = 1 ./ X;
    case 'sign'
        Y = sign(X);
    case 'sin'
        Y = sin(X);
    case 'softplus'
        Y = max(X, 0) + log1p(exp(-abs(X)));
    case 'sqrt'
        Y = sqrt(notNegative(X));
    otherwise
        error('cifarx:predict:unknownFunction', ...
              'This toolbox does not support the elementwise function ''%s''.', name);
end
end

function X = notNegative(X)
%NOTNEGATIVE  NaN instead of negative numbers, of which log and sqrt are complex.
X(X < 0) = NaN;
end
