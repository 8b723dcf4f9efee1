function list = each(value, count)
%EACH  The arrays of all inputs or outputs as a cell array.
%
%   LIST = CIFARX.INTERNAL.LAYOUT.EACH(VALUE, COUNT) is {VALUE} if COUNT is 1, otherwise VALUE,
%   which is a 1-by-COUNT cell array, such as net.test.inputs of a network with COUNT inputs.
%
%   See also cifarx.internal.layout.joined.

list = value;
if count == 1
    list = {value};
end
end
