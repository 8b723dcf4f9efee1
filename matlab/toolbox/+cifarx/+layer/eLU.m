function Y = eLU(X, alpha)
%ELU  Exponential linear unit.
%
%   Y = CIFARX.LAYER.ELU(X, ALPHA) is X where X is positive and ALPHA * (exp(X) - 1) elsewhere, for
%   a single array X of any size and a number ALPHA. Y is NaN where X is NaN.

Y = cifarx.internal.keepNaN(max(X, 0) + alpha * expm1(min(X, 0)), X);
end
