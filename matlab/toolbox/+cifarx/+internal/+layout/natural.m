function Y = natural(Y, output, count)
%NATURAL  Bring the array of a layer into the layout of a network's output.
%
%   Y = CIFARX.INTERNAL.LAYOUT.NATURAL(Y, OUTPUT, COUNT) returns the array Y of a layer, maps
%   H-by-W-by-C-by-COUNT or features F-by-COUNT, as an array of OUTPUT.Size by COUNT, for OUTPUT,
%   one element of net.outputs. Values are moved only. An output of size (d1, ..., dk) in PyTorch
%   has the Size [d2 ... dk d1], and its values in row-major order are those of the layer: features
%   as they are, maps along the width first, then the height, then the channels.
%
%   See also cifarx.internal.layout.ofLayer, cifarx.internal.layout.carried.

extent = [double(output.Size(:).'), ones(1, isempty(output.Size))];
rank = numel(extent);
isFeatures = isequal(size(Y), [prod(extent), count]);
if rank == 3 && ~isFeatures && isequal([size(Y, 1), size(Y, 2), size(Y, 3)], extent)
    return
end
if ~isFeatures
    Y = permute(Y, [2 1 3 4]);
end
Y = reshape(Y, [extent(rank - 1:-1:1), extent(rank), count]);
if rank > 2
    Y = permute(Y, [rank - 1:-1:1, rank, rank + 1]);
end
end
