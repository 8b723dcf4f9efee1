function requireNetwork(net, caller)
%REQUIRENETWORK  Refuse what is no network as cifarx.load returns it.
%
%   CIFARX.INTERNAL.CHECK.REQUIRENETWORK(NET, CALLER) raises the error cifarx:CALLER:network for
%   anything but a 1-by-1 structure, and cifarx:CALLER:missingField where one lacks a field.
%   What is in the fields it does not look at.

if ~isstruct(net) || numel(net) ~= 1
    error(['cifarx:' caller ':network'], ...
          ['NET must be a network as cifarx.load returns it, a 1-by-1 structure, but is a ' ...
           '%s %s. Read one with net = cifarx.load(''model.mat'').'], ...
          cifarx.internal.message.sizeText(net), class(net));
end
fields = {'format', 'input', 'layers', 'outputs', 'classes', 'test'};
there = isfield(net, fields);
if ~all(there)
    error(['cifarx:' caller ':missingField'], ...
          ['NET must be a network as cifarx.load returns it, but has no field ''%s'', expected ' ...
           '%s. Read one with net = cifarx.load(''model.mat'').'], ...
          fields{find(~there, 1)}, strjoin(fields, ', '));
end
end
