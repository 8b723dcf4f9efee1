function Y = standInPooled(X, options, pool)
%STANDINPOOLED  POOL of the pixels of each window that lie inside the maps, one by one.
edges = options.PaddingSize;
last = [size(X, 1), size(X, 2)] + edges([1 3]) + edges([2 4]) - options.PoolSize;
starts = {0:options.Stride(1):last(1), 0:options.Stride(2):last(2)};
for i = numel(starts{1}):-1:1
    for j = numel(starts{2}):-1:1
        rows = starts{1}(i) - edges(1) + (1:options.PoolSize(1));
        columns = starts{2}(j) - edges(3) + (1:options.PoolSize(2));
        rows = rows(rows >= 1 & rows <= size(X, 1));
        columns = columns(columns >= 1 & columns <= size(X, 2));
        seen = reshape(X(rows, columns, :, :), [], 1, size(X, 3), size(X, 4));
        Y(i, j, :, :) = pool(seen);
    end
end
end
