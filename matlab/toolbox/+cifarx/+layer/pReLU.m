function Y = pReLU(X, alpha)
%PRELU  Scale negative values by a learned number per channel.
%
%   Y = CIFARX.LAYER.PRELU(X, ALPHA) is X where X is positive and ALPHA .* X elsewhere, for maps X,
%   H-by-W-by-C-by-N single, with 1-by-1-by-C single ALPHA, or features X, F-by-N single, with
%   F-by-1 single ALPHA. A scalar ALPHA applies to all channels. Y is NaN where X is NaN.

Y = cifarx.internal.keepNaN(max(X, 0) + alpha .* min(X, 0), X);
end
