function text = shapeText(shape)
%SHAPETEXT  The size of the maps or features of one image as text.
%
%   TEXT = CIFARX.INTERNAL.MESSAGE.SHAPETEXT(SHAPE) is '32-by-32-by-3' for [32 32 3] and '64' for
%   64.

text = sprintf('%d-by-', shape);
text = text(1:end - 4);
end
