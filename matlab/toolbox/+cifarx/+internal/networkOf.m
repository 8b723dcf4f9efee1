function net = networkOf(source, caller)
%NETWORKOF  A network, of a file or as it is.
%
%   NET = CIFARX.INTERNAL.NETWORKOF(SOURCE, CALLER) loads the file that SOURCE names, or
%   gives SOURCE, a network as CIFARX.LOAD returns it; anything else is refused under the
%   name of the public function CALLER.

net = cifarx.internal.asChar(source);
if ischar(net)
    net = cifarx.load(net);
end
cifarx.internal.check.requireNetwork(net, caller);
end
