function [found, arrays] = digests(net, file)
%DIGESTS  SHA-256 of what a network's results depend on.
%
%   [FOUND, ARRAYS] = CIFARX.INTERNAL.FILE.DIGESTS(NET, FILE) gives the digests of the network
%   NET, loaded from FILE, as 64 hexadecimal digits each, and the number of its arrays:
%
%     model        the bytes of FILE
%     arrays       all arrays, as export/README.md says
%     inputs       net.test.inputs, little-endian single in column-major order
%     normalized   the same of net.test.images as they are normalised here; '' where
%                  the file does not say how

[found.arrays, arrays] = cifarx.internal.file.arraysDigest(net.layers);
stream = fopen(file, 'r');
found.model = cifarx.internal.file.sha256(fread(stream, Inf, '*uint8'));
fclose(stream);
found.inputs = cifarx.internal.file.sha256(asBytes(net.test.inputs));
found.normalized = '';
if ~strcmp(net.input.Normalization, 'none')
    images = cifarx.internal.normalize(net.test.images, net.input);
    found.normalized = cifarx.internal.file.sha256(asBytes(images));
end
end

function bytes = asBytes(values)
%ASBYTES  Numbers as single, in the order in which they lie in memory, as a column.
bytes = reshape(typecast(single(values(:)), 'uint8'), [], 1);  % of one number it is a row
end
