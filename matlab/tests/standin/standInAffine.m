function X = standInAffine(X, options)
%STANDINAFFINE  Scale .* X + Offset, one number per channel.
channels = 1 + 2 * strcmp(X.Format, 'SSCB');
expected = ones(1, channels);
expected(channels) = size(X.Data, channels);
standInSize('Scale', options.Scale, expected);
standInSize('Offset', options.Offset, expected);
X.Data = double(options.Scale) .* X.Data + double(options.Offset);
end
