function layer = crossChannelNormalizationLayer(windowChannelSize, varargin)
%CROSSCHANNELNORMALIZATIONLAYER  Stand-in for the toolbox's constructor; a window of at most 16.
% https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.crosschannelnormalizationlayer.html
options = standInOptions(varargin, {'Alpha', 0.0001, 'Beta', 0.75, 'K', 2});
standInNumber('WindowChannelSize', windowChannelSize, 1, 16);
options.WindowChannelSize = windowChannelSize;
layer = standInLayer('CrossChannelNormalizationLayer', options, ...
                     @(inputs) forward(inputs{1}, options));
end

function Y = forward(X, options)
Y = X;
window = options.WindowChannelSize;
for c = 1:size(X.Data, 3)
    around = max(1, c - floor((window - 1) / 2)):min(size(X.Data, 3), c + floor(window / 2));
    squares = sum(X.Data(:, :, around, :).^2, 3);
    Y.Data(:, :, c, :) = X.Data(:, :, c, :) ./ ...
        (options.K + options.Alpha * squares / window).^options.Beta;
end
end
