function shape = shapeOf(input)
%SHAPEOF  Size of a network's input as its layers see it.
%
%   SHAPE = CIFARX.INTERNAL.LAYOUT.SHAPEOF(INPUT) is [H W C] for images, [1 L C] for a signal and F
%   for features, for INPUT, one element of net.inputs.

shape = double(input.Size);
if strcmp(input.Format, 'SCB')
    shape = [1, shape];
end
end
