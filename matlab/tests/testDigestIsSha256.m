function testDigestIsSha256()
%TESTDIGESTISSHA256  Every way to a digest gives NIST's value for 'abc'.
expected = ['ba7816bf8f01cfea414140de5dae2223' 'b00361a396177a9cb410ff61f20015ad'];
assert(strcmp(cifarx.internal.file.sha256(uint8('abc')), expected));
assert(strcmp(cifarx.internal.file.sha256InArrays(uint8('abc')), expected));
end
