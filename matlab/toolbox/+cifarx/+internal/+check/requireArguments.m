function requireArguments(given, least, caller)
%REQUIREARGUMENTS  Refuse a call with too few arguments.
%
%   CIFARX.INTERNAL.CHECK.REQUIREARGUMENTS(GIVEN, LEAST, CALLER) raises the error
%   cifarx:CALLER:arguments if GIVEN, the nargin of the public function CALLER, is less than LEAST.

if given < least
    error(['cifarx:' caller ':arguments'], ...
          'Not enough arguments: cifarx.%s needs at least %d, but got %d. See help cifarx.%s.', ...
          caller, least, given, caller);
end
end
