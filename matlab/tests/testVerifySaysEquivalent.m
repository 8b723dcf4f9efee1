function testVerifySaysEquivalent()
%TESTVERIFYSAYSEQUIVALENT  Plain arrays against PyTorch, in this runtime.
files = fixtures();
for i = 1:numel(files)
    folder = tempname();
    mkdir(folder);
    copyfile(files{i}, fullfile(folder, 'model.mat'));  % its result is written beside it
    report = cifarx.verify(fullfile(folder, 'model.mat'));
    delete(fullfile(folder, '*'));
    rmdir(folder);
    assert(strcmp(report.verdict, 'EQUIVALENT'), files{i});
end
end
