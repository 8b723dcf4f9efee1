function text = sizeText(value)
%SIZETEXT  The size of an array in words.
%
%   TEXT = CIFARX.INTERNAL.MESSAGE.SIZETEXT(VALUE) is '3-by-3-by-16', say.

text = sprintf('%d-by-', size(value));
text = text(1:end - 4);
end
