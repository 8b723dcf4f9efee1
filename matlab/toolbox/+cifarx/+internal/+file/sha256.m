function digest = sha256(bytes)
%SHA256  SHA-256 of a vector of bytes.
%
%   DIGEST = CIFARX.INTERNAL.FILE.SHA256(BYTES) is the digest of the uint8 vector
%   BYTES as 64 hexadecimal digits in lower case. Octave has it built in; in
%   MATLAB Java's MessageDigest computes it.

if exist('OCTAVE_VERSION', 'builtin')
    digest = hash('sha256', char(bytes(:).'));
else
    engine = java.security.MessageDigest.getInstance('SHA-256');
    engine.update(bytes(:));
    digest = lower(reshape(dec2hex(typecast(engine.digest(), 'uint8'), 2).', 1, []));
end
end
