function Y = scaling(X, scale, offset)
%SCALING  Multiply by a factor and add an offset.
%
%   Y = CIFARX.LAYER.SCALING(X, SCALE, OFFSET) is SCALE .* X + OFFSET for maps X, H-by-W-by-C-by-N
%   single, with scalar, 1-by-1-by-C or H-by-W-by-C single parameters, or for features X, F-by-N
%   single, with scalar or F-by-1 single parameters.

Y = scale .* X + offset;
end
