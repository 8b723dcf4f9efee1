function Y = fullyConnected(X, weights, bias)
%FULLYCONNECTED  Weighted sums of all features.
%
%   Y = CIFARX.LAYER.FULLYCONNECTED(X, WEIGHTS, BIAS) is WEIGHTS * X + BIAS for I-by-N single X,
%   O-by-I single WEIGHTS and O-by-1 single BIAS. Y is O-by-N. With up to 2^22 WEIGHTS the sums are
%   accumulated in double precision, because OpenBLAS adds small products one by one and would lose
%   more than PyTorch does. WEIGHTS are converted in parts of half a megabyte.

if numel(weights) > 2^22
    Y = weights * X + bias;
    return
end
[outputs, inputs] = size(weights);
step = max(1, floor(2^16 / inputs));
Y = zeros(outputs, size(X, 2), 'single');
X = double(X);
for first = 1:step:outputs
    rows = first:min(first + step - 1, outputs);
    Y(rows, :) = double(weights(rows, :)) * X + double(bias(rows));
end
end
