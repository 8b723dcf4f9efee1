function text = classText(value)
%CLASSTEXT  The class of an array as text for an error message.
%
%   TEXT = CIFARX.INTERNAL.MESSAGE.CLASSTEXT(VALUE) is for example 'single', 'complex single' or
%   'sparse double'.

text = class(value);
if isnumeric(value) && ~isreal(value)
    text = ['complex ' text];
end
if issparse(value)
    text = ['sparse ' text];
end
end
