function words = encodeText(words)
%ENCODETEXT  Convert text to the form in which a model.mat stores it.
%
%   WORDS = CIFARX.INTERNAL.FILE.ENCODETEXT(WORDS) converts char outside ASCII to its UTF-8 bytes,
%   1-by-n uint8, and returns anything else unchanged. Readers of MAT-files disagree on any other
%   encoding.

if ischar(words) && any(words(:) > 127)
    words = reshape(unicode2native(words, 'UTF-8'), 1, []);
end
end
