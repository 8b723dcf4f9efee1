function logits = runDlnetwork(dlnet, X)
%RUNDLNETWORK  Compute the outputs of a dlnetwork for images.
%
%   LOGITS = CIFARX.INTERNAL.BUILD.RUNDLNETWORK(DLNET, X) returns the K-by-N outputs of the
%   dlnetwork DLNET for the H-by-W-by-C-by-N single array X, computed 16 images at a time.
%   https://www.mathworks.com/help/deeplearning/ref/dlnetwork.predict.html

parts = cell(1, 0);
for first = 1:16:size(X, 4)
    last = min(first + 15, size(X, 4));
    Y = extractdata(predict(dlnet, dlarray(X(:, :, :, first:last), 'SSCB')));
    parts{end + 1} = reshape(Y, [], last - first + 1); %#ok<AGROW>
end
logits = [parts{:}];
end
