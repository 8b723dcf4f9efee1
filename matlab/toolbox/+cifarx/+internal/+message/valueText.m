function text = valueText(value)
%VALUETEXT  A value as text for an error message.
%
%   TEXT = CIFARX.INTERNAL.MESSAGE.VALUETEXT(VALUE) shows short numbers and words as they are, for
%   example '[1 -2]' or 'zerocenter', and the size and class of anything else, for example
%   '3-by-3 single'.

if ischar(value) && size(value, 1) <= 1 && numel(value) <= 60
    text = ['''' value ''''];
elseif isa(value, 'double') && isequal(size(value), [0 0])
    text = '[]';
elseif isa(value, 'double') && ~issparse(value) && numel(value) <= 6 && ...
        isequal(size(value), [1 numel(value)])
    text = mat2str(value, 6);
else
    text = [cifarx.internal.message.sizeText(value) ' ' cifarx.internal.message.classText(value)];
end
end
