function [found, arrays] = digests(net, file)
%DIGESTS  SHA-256 of everything on which the results of a network depend.
%
%   [FOUND, ARRAYS] = CIFARX.INTERNAL.FILE.DIGESTS(NET, FILE) returns the digests of the network
%   NET, loaded from FILE, as 64 hexadecimal digits each, and the number of its arrays:
%
%     model        the bytes of FILE
%     arrays       all arrays, as export/README.md defines it
%     inputs       net.test.inputs, little-endian single in column-major order
%     normalized   the same for net.test.images as normalized here; '' if the file has no
%                  normalization
%
%   A digest that cannot be computed, for want of memory for example, is ''.

[found.arrays, arrays] = attempted(@() cifarx.internal.file.arraysDigest(net.layers));
found.model = attempted(@() cifarx.internal.file.sha256(bytesOf(file)));
found.inputs = attempted(@() cifarx.internal.file.sha256(asBytes(net.test.inputs)));
found.normalized = '';
if ~strcmp(net.input.Normalization, 'none')
    images = cifarx.internal.normalize(net.test.images, net.input);
    found.normalized = attempted(@() cifarx.internal.file.sha256(asBytes(images)));
end
end

function varargout = attempted(compute)
%ATTEMPTED  The outputs of a function, or '' and 0 if it fails: a check does not end here.
try
    [varargout{1:nargout}] = compute();
catch
    varargout = {'', 0};
end
end

function bytes = bytesOf(file)
%BYTESOF  The bytes of a file.
stream = fopen(file, 'r');
bytes = fread(stream, Inf, '*uint8');
fclose(stream);
end

function bytes = asBytes(values)
%ASBYTES  Values as single in memory order, as a column of bytes.
bytes = reshape(typecast(single(values(:)), 'uint8'), [], 1);  % a row for a scalar
end
