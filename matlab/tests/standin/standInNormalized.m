function X = standInNormalized(X, options)
%STANDINNORMALIZED  Take the mean of all elements off, and divide by their deviation.
X = (X - mean(X(:))) / sqrt(var(X(:), 1) + double(options.Epsilon));
end
