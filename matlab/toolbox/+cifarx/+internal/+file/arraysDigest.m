function [digest, count] = arraysDigest(layers)
%ARRAYSDIGEST  SHA-256 of all arrays of a network.
%
%   [DIGEST, COUNT] = CIFARX.INTERNAL.FILE.ARRAYSDIGEST(LAYERS) returns the digest that
%   format.arrays_sha256 of a model.mat holds, 64 hexadecimal digits, for the structure array
%   net.layers, and the number of arrays. The layers are taken in order, the arrays of a layer in
%   the order of the fields of Source, each as single in column-major order.

bytes = cell(1, 0);
for i = 1:numel(layers)
    if isstruct(layers(i).Source)
        keys = fieldnames(layers(i).Source);
        for k = 1:numel(keys)
            values = layers(i).(keys{k});
            % typecast returns a row for a scalar
            bytes{end + 1} = reshape(typecast(single(values(:)), 'uint8'), [], 1); %#ok<AGROW>
        end
    end
end
count = numel(bytes);
digest = cifarx.internal.file.sha256(vertcat(bytes{:}));
end
