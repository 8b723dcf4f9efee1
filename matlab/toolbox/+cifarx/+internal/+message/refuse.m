function refuse(layer, reason, text, varargin)
%REFUSE  Raise the error that a layer is not sound.
%
%   CIFARX.INTERNAL.MESSAGE.REFUSE(LAYER, REASON, TEXT, ...) raises the error
%   'cifarx:check:REASON' with the name and kind of LAYER before TEXT, a format of
%   SPRINTF for the arguments behind it. Public functions put their own name in place
%   of 'check' (CIFARX.INTERNAL.MESSAGE.RESTATE).

error(['cifarx:check:' reason], 'layer ''%s'' of kind %s: %s', layer.Name, layer.Kind, ...
      sprintf(text, varargin{:}));
end
