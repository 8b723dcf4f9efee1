function Y = gELU(X, approximation)
%GELU  Gaussian error linear unit.
%
%   Y = CIFARX.LAYER.GELU(X, 'none') is X/2 .* (1 + erf(X / sqrt(2))) for a single array X of any
%   size. It is computed with erfc, which does not cancel below zero.
%
%   Y = CIFARX.LAYER.GELU(X, 'tanh') is the usual approximation,
%   X/2 .* (1 + tanh(sqrt(2/pi) * (X + 0.044715 * X.^3))).

if strcmp(approximation, 'tanh')
    Y = 0.5 * X .* (1 + tanh(sqrt(2 / pi) * (X + 0.044715 * X.^3)));
else
    Y = 0.5 * X .* erfc(-X / sqrt(2));
end
end
