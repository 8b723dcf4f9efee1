function Y = fullyConnected(X, weights, bias)
%FULLYCONNECTED  Weighted sums of all features.
%
%   Y = CIFARX.LAYER.FULLYCONNECTED(X, WEIGHTS, BIAS) is WEIGHTS * X + BIAS for
%   I-by-N single X, O-by-I single WEIGHTS and O-by-1 single BIAS; Y is O-by-N.

Y = weights * X + bias;
end
