function digest = sha256(bytes)
%SHA256  SHA-256 of a vector of bytes.
%
%   DIGEST = CIFARX.INTERNAL.FILE.SHA256(BYTES) is the digest of the uint8 vector BYTES as 64
%   hexadecimal digits in lower case.
%
%   Several ways are tried in order, because none exists everywhere: the function hash of Octave;
%   the digester that MATLAB itself uses (undocumented, without Java); Java, which MATLAB on Apple
%   silicon and MATLAB -nojvm do not have; a program of the operating system; and plain arrays,
%   which need nothing but take seconds per megabyte.
%   https://www.mathworks.com/help/matlab/ref/matlab_jenv.html

bytes = reshape(bytes, [], 1);
ways = {@byOctave, @byDigester, @byJava, @byProgram};
for i = 1:numel(ways)
    try
        digest = ways{i}(bytes);
        if ~isempty(regexp(digest, '^[0-9a-f]{64}$', 'once'))
            return
        end
    catch
        % this way does not exist here
    end
end
digest = cifarx.internal.file.sha256InArrays(bytes);
end

function digest = byOctave(bytes)
%BYOCTAVE  The function hash, which MATLAB does not have.
digest = hash('sha256', char(bytes.'));
end

function digest = byDigester(bytes)
%BYDIGESTER  MATLAB's own class.
digester = matlab.internal.crypto.BasicDigester('SHA256');
digest = hexadecimal(digester.computeDigest(bytes));
end

function digest = byJava(bytes)
%BYJAVA  Java in pieces of 16 MiB, because Java copies them to its own small heap.
% https://docs.oracle.com/javase/8/docs/api/java/security/MessageDigest.html
engine = java.security.MessageDigest.getInstance('SHA-256');
for first = 1:2^24:numel(bytes)
    engine.update(bytes(first:min(first + 2^24 - 1, end)));
end
digest = hexadecimal(typecast(engine.digest(), 'uint8'));
end

function digest = byProgram(bytes)
%BYPROGRAM  The operating system's program, for a temporary file.
% https://learn.microsoft.com/windows-server/administration/windows-commands/certutil
file = tempname();
clean = onCleanup(@() delete(file));
stream = fopen(file, 'w');
fwrite(stream, bytes, 'uint8');
fclose(stream);
if ispc()
    commands = {['certutil -hashfile "' file '" SHA256']};
else
    quoted = ['''' strrep(file, '''', '''\''''') ''''];
    commands = {['sha256sum ' quoted ' 2>/dev/null'], ['shasum -a 256 ' quoted ' 2>/dev/null']};
end
for i = 1:numel(commands)
    [failed, text] = system(commands{i});
    digest = regexp(text, '(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])', 'match', 'once');
    if ~failed && ~isempty(digest)
        digest = lower(digest);
        return
    end
end
end

function digits = hexadecimal(values)
%HEXADECIMAL  32 bytes as 64 digits.
digits = lower(reshape(dec2hex(values(:), 2).', 1, []));
end
