function refuse(layer, reason, text, varargin)
%REFUSE  Raise the error that a layer is invalid.
%
%   CIFARX.INTERNAL.MESSAGE.REFUSE(LAYER, REASON, TEXT, ...) raises the error 'cifarx:check:REASON'
%   with the name and kind of LAYER in front of TEXT, a format of SPRINTF for the remaining
%   arguments. Public functions replace 'check' by their own name
%   (CIFARX.INTERNAL.MESSAGE.RESTATE).

error(['cifarx:check:' reason], 'layer ''%s'' of kind %s: %s', layer.Name, layer.Kind, ...
      sprintf(text, varargin{:}));
end
