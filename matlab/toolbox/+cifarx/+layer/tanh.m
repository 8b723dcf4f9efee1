function Y = tanh(X)
%TANH  Hyperbolic tangent.
%
%   Y = CIFARX.LAYER.TANH(X) is the built-in tanh of a single array X of any size.

Y = builtin('tanh', X);
end
