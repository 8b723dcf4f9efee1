function inputs = networkInputs(net)
%NETWORKINPUTS  The test inputs of a network as its dlnetwork takes them.
%
%   INPUTS = NETWORKINPUTS(NET) is a cell array with one single array per input of NET, in natural
%   layout; pixels where the input layer normalizes.

inputs = cifarx.internal.layout.each(net.test.inputs, numel(net.inputs));
pixels = cifarx.internal.interface.ofPixels(net);
if ~isempty(pixels)
    inputs{pixels} = single(net.test.images);
end
end
