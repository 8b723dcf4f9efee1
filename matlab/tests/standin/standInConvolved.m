function Y = standInConvolved(X, weights, bias, options)
%STANDINCONVOLVED  Cross-correlation by conv2, filter by filter and channel by channel.
dilation = options.DilationFactor;
X = standInPadded(X, options.PaddingSize, 0);
if size(weights, 3) ~= size(X, 3)
    error('standin:channels', 'Weights are for %d channels, the input has %d.', ...
          size(weights, 3), size(X, 3));
end
for n = size(X, 4):-1:1
    for f = size(weights, 4):-1:1
        total = bias(f);
        for c = 1:size(X, 3)
            kernel = zeros(([size(weights, 1), size(weights, 2)] - 1) .* dilation + 1);
            kernel(1:dilation(1):end, 1:dilation(2):end) = double(weights(:, :, c, f));
            total = total + conv2(X(:, :, c, n), rot90(kernel, 2), 'valid');
        end
        Y(:, :, f, n) = total(1:options.Stride(1):end, 1:options.Stride(2):end);
    end
end
end
