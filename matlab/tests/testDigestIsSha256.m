function testDigestIsSha256()
%TESTDIGESTISSHA256  MATLAB takes Java's, Octave its own; the value is NIST's for 'abc'.
assert(strcmp(cifarx.internal.file.sha256(uint8('abc')), ...
              ['ba7816bf8f01cfea414140de5dae2223' 'b00361a396177a9cb410ff61f20015ad']));
end
