function Y = reshape(X, outputSize)
%RESHAPE  Convert features to maps.
%
%   Y = CIFARX.LAYER.RESHAPE(X, OUTPUTSIZE) converts the F-by-N array X to maps of
%   OUTPUTSIZE = [H W C], H-by-W-by-C-by-N. The features are in the order of PyTorch: along the
%   width first, then the height, then the channels.

[height, width, channels] = deal(outputSize(1), outputSize(2), outputSize(3));
Y = builtin('reshape', X, [width, height, channels, size(X, 2)]);
Y = permute(Y, [2 1 3 4]);
end
