function text = sizeText(value)
%SIZETEXT  The size of an array as text.
%
%   TEXT = CIFARX.INTERNAL.MESSAGE.SIZETEXT(VALUE) is for example '3-by-3-by-16'.

text = sprintf('%d-by-', size(value));
text = text(1:end - 4);
end
