function [found, arrays] = digests(net, file)
%DIGESTS  SHA-256 of everything on which the results of a network depend.
%
%   [FOUND, ARRAYS] = CIFARX.INTERNAL.FILE.DIGESTS(NET, FILE) returns the digests of the network
%   NET, loaded from FILE, as 64 hexadecimal digits each, and the number of its arrays:
%
%     model        the bytes of FILE
%     arrays       all arrays, as export/README.md defines it
%     inputs       net.test.inputs, little-endian single in column-major order, one input after
%                  the other
%     normalized   the same with net.test.images as normalized here in place of the input that
%                  takes pixels; '' if the file has no normalization
%
%   A digest that cannot be computed, for want of memory for example, is ''.

[found.arrays, arrays] = attempted(@() cifarx.internal.file.arraysDigest(net.layers));
found.model = attempted(@() cifarx.internal.file.sha256(bytesOf(file)));
inputs = cifarx.internal.layout.each(net.test.inputs, numel(net.inputs));
found.inputs = attempted(@() cifarx.internal.file.sha256(asBytes(inputs)));
found.normalized = '';
pixels = cifarx.internal.interface.ofPixels(net);
if ~isempty(pixels)
    inputs{pixels} = cifarx.internal.normalize(net.test.images, net.inputs(pixels));
    found.normalized = attempted(@() cifarx.internal.file.sha256(asBytes(inputs)));
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

function bytes = asBytes(arrays)
%ASBYTES  Values as single in memory order, one array after the other, as a column of bytes.
bytes = cell(numel(arrays), 1);
for i = 1:numel(arrays)
    bytes{i} = reshape(typecast(single(arrays{i}(:)), 'uint8'), [], 1);  % a row for a scalar
end
bytes = vertcat(bytes{:});
end
