function X = standInFlattened(X)
%STANDINFLATTENED  SSCB to CB, as flattenLayer and fullyConnectedLayer do it.
if strcmp(X.Format, 'SSCB')
    X.Data = reshape(X.Data, [], size(X.Data, 4));
    X.Format = 'CB';
end
end
