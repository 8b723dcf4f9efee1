function net = networkOf(source, caller)
%NETWORKOF  Return a network given as a file name or as a structure.
%
%   NET = CIFARX.INTERNAL.NETWORKOF(SOURCE, CALLER) loads the file that SOURCE names, or returns
%   SOURCE if it is a network returned by CIFARX.LOAD. Anything else raises an error under the name
%   of the public function CALLER.

net = cifarx.internal.asChar(source);
if ischar(net)
    net = cifarx.load(net);
end
cifarx.internal.check.requireNetwork(net, caller);
end
