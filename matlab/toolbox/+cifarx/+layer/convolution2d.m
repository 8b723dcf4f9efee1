function Y = convolution2d(X, weights, bias, stride, padding, dilation)
%CONVOLUTION2D  Two-dimensional convolution (cross-correlation) of maps.
%
%   Y = CIFARX.LAYER.CONVOLUTION2D(X, WEIGHTS, BIAS, STRIDE, PADDING, DILATION) convolves the
%   H-by-W-by-C-by-N single array X with the h-by-w-by-C-by-F kernels WEIGHTS and adds the
%   1-by-1-by-F BIAS. STRIDE and DILATION are [vertical horizontal], PADDING is [top bottom left
%   right] zeros. Y is H'-by-W'-by-F-by-N.

Y = cifarx.internal.window.convolve(X, weights, bias, stride, padding, dilation, 1);
end
