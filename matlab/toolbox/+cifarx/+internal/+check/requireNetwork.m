function requireNetwork(net, caller)
%REQUIRENETWORK  Refuse values that are not a network returned by cifarx.load.
%
%   CIFARX.INTERNAL.CHECK.REQUIRENETWORK(NET, CALLER) raises the error cifarx:CALLER:network unless
%   NET is a 1-by-1 structure, and cifarx:CALLER:missingField if it lacks a field. The contents of
%   the fields are not checked.

if ~isstruct(net) || numel(net) ~= 1
    error(['cifarx:' caller ':network'], ...
          ['NET must be a network returned by cifarx.load, a 1-by-1 structure, but is a ' ...
           '%s %s. Load one with net = cifarx.load(''model.mat'').'], ...
          cifarx.internal.message.sizeText(net), class(net));
end
fields = {'format', 'inputs', 'layers', 'outputs', 'task', 'classes', 'test'};
there = isfield(net, fields);
if ~all(there)
    error(['cifarx:' caller ':missingField'], ...
          ['NET must be a network returned by cifarx.load, but has no field ''%s'', expected ' ...
           '%s. Load one with net = cifarx.load(''model.mat'').'], ...
          fields{find(~there, 1)}, strjoin(fields, ', '));
end
end
