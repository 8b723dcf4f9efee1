function words = encodeText(words)
%ENCODETEXT  Text as a model.mat has it.
%
%   WORDS = CIFARX.INTERNAL.FILE.ENCODETEXT(WORDS) gives for char outside ASCII its
%   bytes in UTF-8, 1-by-n uint8; anything else stays as it is. Readers of MAT-files
%   disagree on any other encoding.

if ischar(words) && any(words(:) > 127)
    words = reshape(unicode2native(words, 'UTF-8'), 1, []);
end
end
