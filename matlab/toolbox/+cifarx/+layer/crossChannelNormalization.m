function Y = crossChannelNormalization(X, windowChannelSize, alpha, beta, k)
%CROSSCHANNELNORMALIZATION  Local response normalization.
%
%   Y = CIFARX.LAYER.CROSSCHANNELNORMALIZATION(X, WINDOWCHANNELSIZE, ALPHA, BETA, K)
%   computes for the H-by-W-by-C-by-N single array X
%
%      X ./ (K + ALPHA / WINDOWCHANNELSIZE * squares) .^ BETA
%
%   where squares is the sum of X.^2 over WINDOWCHANNELSIZE (an odd number)
%   channels around each; there is nothing beyond the first and the last.

channels = size(X, 3);
squares = zeros(size(X), 'single');
for shift = -(windowChannelSize - 1) / 2:(windowChannelSize - 1) / 2
    there = max(1, 1 - shift):min(channels, channels - shift);
    squares(:, :, there, :) = squares(:, :, there, :) + X(:, :, there + shift, :).^2;
end
Y = X ./ (k + alpha / windowChannelSize * squares).^beta;
end
