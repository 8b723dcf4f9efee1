function edges = standInEdges(name, edges)
%STANDINEDGES  Four whole numbers [t b l r], zero or more.
if isscalar(edges)
    edges = repmat(edges, 1, 4);
end
if ~isnumeric(edges) || ~isequal(size(edges), [1, 4]) || any(edges < 0 | edges ~= fix(edges))
    error('standin:edges', '%s must be [t b l r], whole numbers.', name);
end
edges = double(edges);
end
