function loss = mse(Y, targets)
%MSE  Stand-in: half the squared error, summed over responses, averaged over observations.
% https://www.mathworks.com/help/deeplearning/ref/dlarray.mse.html
count = size(Y.Data, numel(Y.Format));
loss = sum((Y.Data(:) - double(targets(:))).^2) / (2 * count);
end
