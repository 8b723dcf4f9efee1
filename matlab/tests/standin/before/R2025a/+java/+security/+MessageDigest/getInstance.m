function engine = getInstance(algorithm)
%GETINSTANCE  Stand-in for Java's digest, which MATLAB has where it has Java.
% https://www.mathworks.com/help/matlab/ref/matlab_jenv.html
% https://docs.oracle.com/javase/8/docs/api/java/security/MessageDigest.html
assert(strcmp(algorithm, 'SHA-256'));
content = containers.Map({'bytes'}, {zeros(1, 0, 'uint8')});
engine.update = @(bytes) add(content, bytes);
engine.digest = @() digested(content('bytes'));
end

function add(content, bytes)
%ADD  One more piece; Java copies it to its own heap, which is small.
if ~isa(bytes, 'uint8') || numel(bytes) > 2^26
    error('standin:java', 'Java heap space');
end
content('bytes') = [content('bytes'), bytes(:).']; %#ok<NASGU> a handle
end

function values = digested(bytes)
%DIGESTED  32 bytes, signed as Java's are.
digits = builtin('hash', 'sha256', char(bytes));
values = typecast(uint8(hex2dec(reshape(digits, 2, []).')), 'int8');
end
