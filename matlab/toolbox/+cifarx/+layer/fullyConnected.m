function Y = fullyConnected(X, weights, bias)
%FULLYCONNECTED  Weighted sums of all features.
%
%   Y = CIFARX.LAYER.FULLYCONNECTED(X, WEIGHTS, BIAS) is WEIGHTS * X + BIAS for
%   I-by-N single X, O-by-I single WEIGHTS and O-by-1 single BIAS; Y is O-by-N.
%   Sums of up to 2^22 WEIGHTS are taken in double precision: OpenBLAS adds small
%   products up one by one, and would lose more than PyTorch does.

if numel(weights) <= 2^22
    Y = single(double(weights) * double(X) + double(bias));
else
    Y = weights * X + bias;
end
end
