function data = extractdata(X)
%EXTRACTDATA  Stand-in: the numbers of a dlarray.
% https://www.mathworks.com/help/deeplearning/ref/dlarray.extractdata.html
if ~strcmp(class(X), 'dlarray') %#ok<STISA>
    error('standin:extractdata', 'Undefined function ''extractdata'' for class ''%s''.', class(X));
end
data = X.Data;
end
