function Y = crossChannelNormalization(X, windowChannelSize, alpha, beta, k)
%CROSSCHANNELNORMALIZATION  Local response normalization.
%
%   Y = CIFARX.LAYER.CROSSCHANNELNORMALIZATION(X, WINDOWCHANNELSIZE, ALPHA, BETA, K) computes, for
%   the H-by-W-by-C-by-N single array X,
%
%      X ./ (K + ALPHA / WINDOWCHANNELSIZE * squares) .^ BETA
%
%   where squares is the sum of X.^2 over the WINDOWCHANNELSIZE channels (an odd number) around each
%   channel. Channels beyond the first and the last count as zero.

[height, width, channels, count] = size(X);
around = (windowChannelSize - 1) / 2;
squares = zeros(height, width, channels + 2 * around, count, 'single');
squares(:, :, around + (1:channels), :) = X.^2;
total = squares(:, :, 1:channels, :);
for shift = 1:windowChannelSize - 1
    total = total + squares(:, :, shift + (1:channels), :);
end
Y = X ./ (k + alpha / windowChannelSize * total).^beta;
end
