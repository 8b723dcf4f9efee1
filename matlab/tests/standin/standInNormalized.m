function X = standInNormalized(X, options)
%STANDINNORMALIZED  Subtract the mean of all elements and divide by their deviation.
X = (X - mean(X(:))) / sqrt(var(X(:), 1) + double(options.Epsilon));
end
