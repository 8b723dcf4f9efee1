function scores = predict(net, X, varargin)
%PREDICT  Compute the network's outputs for images.
%
%   SCORES = CIFARX.PREDICT(NET, X) runs NET, as returned by CIFARX.LOAD, on the
%   H-by-W-by-C-by-N array X and returns the K-by-N single array of the
%   outputs (logits). X of class uint8 holds pixels 0..255, which are normalised
%   with NET.input (where NET.input.Normalization is 'none', the file does not say
%   how, and pixels are refused); X of class single is taken as it is, already
%   normalised.
%
%   SCORES = CIFARX.PREDICT(NET, X, 'MiniBatchSize', M) computes M images at a
%   time (default 16). Memory grows with M, not with N.
%
%   Example:
%      net = cifarx.load('model.mat');
%      scores = cifarx.predict(net, net.test.images);
%      [~, label] = max(scores, [], 1);
%      net.classes(label(1))
%
%   See also cifarx.load, cifarx.verify.

parser = inputParser();
parser.FunctionName = 'cifarx.predict';
parser.addParameter('MiniBatchSize', 16, ...
                    @(m) isnumeric(m) && isscalar(m) && m >= 1 && m == fix(m));
parser.parse(varargin{:});
step = double(parser.Results.MiniBatchSize);

wanted = double(net.input.InputSize);
found = [size(X, 1), size(X, 2), size(X, 3)];
if ~isequal(found, wanted) || ndims(X) > 4
    error('cifarx:predict:imageSize', ...
          ['The network takes images of %d-by-%d-by-%d (height, width, channels), ' ...
           'but X is %s.'], wanted, strjoin(strsplit(num2str(size(X))), '-by-'));
end
if ~isa(X, 'uint8') && ~isa(X, 'single')
    error('cifarx:predict:imageClass', ...
          ['X must be uint8 (pixels 0..255) or single (already normalised), ' ...
           'but is %s. Convert it with uint8(X) or single(X).'], class(X));
end

if isa(X, 'uint8') && strcmp(net.input.Normalization, 'none')
    error('cifarx:predict:normalization', ...
          ['X is uint8 (pixels), but the file of this network does not say how pixels ' ...
           'are normalised. Give the images as the network was trained on them, in single.']);
end

count = size(X, 4);
scores = zeros(numel(net.classes), count, 'single');
for first = 1:step:count
    chosen = first:min(first + step - 1, count);
    part = X(:, :, :, chosen);
    if isa(part, 'uint8')
        part = cifarx.internal.normalize(part, net.input);
    end
    scores(:, chosen) = cifarx.internal.forward(net, part);
end
end
