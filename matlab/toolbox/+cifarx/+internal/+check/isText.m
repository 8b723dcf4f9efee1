function sound = isText(value)
%ISTEXT  Whether a value is a char row, '', or bytes that are not valid UTF-8.
%
%   SOUND = CIFARX.INTERNAL.CHECK.ISTEXT(VALUE) is a logical scalar.

sound = (ischar(value) || isa(value, 'uint8')) && ndims(value) == 2 && ...
        (size(value, 1) == 1 || isempty(value)); %#ok<ISMAT>
end
