function Y = eLU(X, alpha)
%ELU  Exponential linear unit.
%
%   Y = CIFARX.LAYER.ELU(X, ALPHA) is X where it is positive and
%   ALPHA * (exp(X) - 1) elsewhere, NaN where X is, for a single array X of any size and
%   a number ALPHA.

Y = cifarx.internal.keepNaN(max(X, 0) + alpha * expm1(min(X, 0)), X);
end
