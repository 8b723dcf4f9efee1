function testVerifySaysEquivalent()
%TESTVERIFYSAYSEQUIVALENT  Plain arrays against PyTorch, in this runtime.
files = fixtures();
for i = 1:numel(files)
    report = cifarx.verify(files{i});
    assert(strcmp(report.verdict, 'EQUIVALENT'), files{i});
end
end
