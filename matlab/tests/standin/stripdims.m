function data = stripdims(X)
%STRIPDIMS  Stand-in: the numbers of a dlarray without labels.
% https://www.mathworks.com/help/deeplearning/ref/dlarray.stripdims.html
data = extractdata(X);
end
