function demand(sound, reason, label, value, wanted)
%DEMAND  Raise an error unless a value is valid.
%
%   CIFARX.INTERNAL.CHECK.DEMAND(SOUND, REASON, LABEL, VALUE, WANTED) raises the error
%   'cifarx:check:REASON' with LABEL, the name of VALUE, and the text WANTED unless SOUND is true.

if ~sound
    error(['cifarx:check:' reason], '%s is %s, expected %s', label, ...
          cifarx.internal.message.valueText(value), wanted);
end
end
