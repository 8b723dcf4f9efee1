function Y = ofLayer(Y, output, shape)
%OFLAYER  Bring values of a network's output into the layout of its layer.
%
%   Y = CIFARX.INTERNAL.LAYOUT.OFLAYER(Y, OUTPUT, SHAPE) is the inverse of
%   CIFARX.INTERNAL.LAYOUT.NATURAL: it returns Y, an array of OUTPUT.Size by N, as the layer of size
%   SHAPE, [H W C] (maps) or F (features), gives it.

extent = [double(output.Size(:).'), ones(1, isempty(output.Size))];
rank = numel(extent);
count = size(Y, rank + 1);
if rank > 2
    Y = permute(Y, [rank - 1:-1:1, rank, rank + 1]);
end
if numel(shape) == 1
    Y = reshape(Y, [shape, count]);
else
    Y = permute(reshape(Y, [shape([2 1 3]), count]), [2 1 3 4]);
end
end
