function Y = power(X, exponent)
%POWER  Power with a constant exponent.
%
%   Y = CIFARX.LAYER.POWER(X, EXPONENT) is X.^EXPONENT for maps X, H-by-W-by-C-by-N single, with a
%   scalar or 1-by-1-by-C single EXPONENT, or for features X, F-by-N single, with a scalar or F-by-1
%   single EXPONENT. Y is NaN where the power is not real: of negative numbers, unless EXPONENT is
%   whole.

negative = X < 0 & exponent ~= fix(exponent);
X(negative) = NaN;
Y = X.^exponent;
end
