function [inputs, options] = inputsAndOptions(net, given, caller)
%INPUTSANDOPTIONS  Separate the arrays for the inputs of a network from name-value arguments.
%
%   [INPUTS, OPTIONS] = CIFARX.INTERNAL.INTERFACE.INPUTSANDOPTIONS(NET, GIVEN, CALLER) splits the
%   cell array GIVEN, the arguments after NET of the public function CALLER. INPUTS has one element
%   per input of NET; otherwise the error cifarx:CALLER:inputCount is raised.

count = numel(net.inputs);
isName = cellfun(@(value) ischar(cifarx.internal.asChar(value)), given);
arrays = min([find(isName, 1) - 1, numel(given)]);
if arrays ~= count
    cifarx.internal.interface.requireInputs(net, given(1:arrays), caller);
end
inputs = given(1:count);
options = given(count + 1:end);
end
