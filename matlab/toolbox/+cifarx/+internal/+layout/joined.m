function value = joined(list)
%JOINED  The arrays of all inputs or outputs as net.test holds them.
%
%   VALUE = CIFARX.INTERNAL.LAYOUT.JOINED(LIST) is the array in the 1-by-1 cell array LIST, or LIST
%   if there are several.
%
%   See also cifarx.internal.layout.each.

value = list;
if numel(list) == 1
    value = list{1};
end
end
