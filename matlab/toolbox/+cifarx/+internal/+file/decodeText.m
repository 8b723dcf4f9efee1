function words = decodeText(words)
%DECODETEXT  Text of a model.mat as char.
%
%   WORDS = CIFARX.INTERNAL.FILE.DECODETEXT(WORDS) gives for bytes, 1-by-n uint8, the char
%   that they are in UTF-8; anything else stays as it is, and so do bytes that are
%   no UTF-8.

if isa(words, 'uint8') && ~isempty(words)
    try
        words = native2unicode(words, 'UTF-8');
    catch  % Octave refuses; it is a name of a tensor that no text editor shows
    end
end
end
