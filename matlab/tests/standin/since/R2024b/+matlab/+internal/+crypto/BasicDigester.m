function digester = BasicDigester(algorithm)
%BASICDIGESTER  Stand-in for the class by which MATLAB computes digests itself; undocumented.
assert(strcmp(algorithm, 'SHA256'));
digester.computeDigest = @digested;
end

function values = digested(bytes)
%DIGESTED  32 bytes.
assert(isa(bytes, 'uint8') && ~isempty(bytes));
values = uint8(hex2dec(reshape(builtin('hash', 'sha256', char(bytes(:).')), 2, []).')).';
end
