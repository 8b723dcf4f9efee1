function words = decodeText(words)
%DECODETEXT  Convert text of a model.mat to char.
%
%   WORDS = CIFARX.INTERNAL.FILE.DECODETEXT(WORDS) converts UTF-8 bytes, 1-by-n uint8, to char.
%   Other values, and bytes that are not valid UTF-8, are returned unchanged.

if isa(words, 'uint8') && ~isempty(words)
    try
        words = native2unicode(words, 'UTF-8');
    catch  % not valid UTF-8, for example a damaged tensor name: keep the bytes
    end
end
end
