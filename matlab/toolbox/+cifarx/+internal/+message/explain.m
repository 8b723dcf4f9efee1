function explain(problem, net, caller)
%EXPLAIN  Turn an error of a computation into a statement about the network.
%
%   CIFARX.INTERNAL.MESSAGE.EXPLAIN(PROBLEM, NET, CALLER) raises the error PROBLEM. If PROBLEM has
%   no identifier of cifarx and CIFARX.INTERNAL.CHECK.CHECKNETWORK finds a fault in NET, that fault
%   is raised instead, under the name of the public function CALLER. The full check runs only
%   after an error, because it would be slow on every call.

if ~strncmp(problem.identifier, 'cifarx:', 7)
    try
        cifarx.internal.check.checkNetwork(net);
    catch fault
        if strncmp(fault.identifier, 'cifarx:', 7)
            problem = fault;
        end
    end
end
cifarx.internal.message.restate(problem, caller, 'NET cannot be used');
end
