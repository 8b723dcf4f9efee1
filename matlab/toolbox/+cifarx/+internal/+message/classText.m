function text = classText(value)
%CLASSTEXT  The class of an array in the words of an error.
%
%   TEXT = CIFARX.INTERNAL.MESSAGE.CLASSTEXT(VALUE) is 'single', say, or 'complex single', or
%   'sparse double'.

text = class(value);
if isnumeric(value) && ~isreal(value)
    text = ['complex ' text];
end
if issparse(value)
    text = ['sparse ' text];
end
end
