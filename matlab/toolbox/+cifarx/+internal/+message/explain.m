function explain(problem, net, caller)
%EXPLAIN  Raise an error of a computation as what is wrong with the network.
%
%   CIFARX.INTERNAL.MESSAGE.EXPLAIN(PROBLEM, NET, CALLER) raises the error that
%   CIFARX.INTERNAL.CHECK.CHECKNETWORK finds in NET, as one of the public function CALLER, where
%   the error PROBLEM has no identifier of cifarx; else PROBLEM. A sound network need not
%   be looked through each time.

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
