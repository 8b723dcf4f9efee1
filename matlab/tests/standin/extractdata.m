function data = extractdata(X)
%EXTRACTDATA  Stand-in: the numbers of a dlarray.
% https://www.mathworks.com/help/deeplearning/ref/dlarray.extractdata.html
data = X.Data;
end
