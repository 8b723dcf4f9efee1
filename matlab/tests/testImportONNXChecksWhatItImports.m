function testImportONNXChecksWhatItImports()
%TESTIMPORTONNXCHECKSWHATITIMPORTS  Its outputs, and layers that are not built-in.
requires('importNetworkFromONNX');
files = fixtures();
folder = tempname();  % the importer writes code for layers that it knows no other way for
mkdir(folder);
back = cd(folder);
restore = onCleanup(@() cd(back));
for i = 1:numel(files)
    [dlnet, report] = cifarx.importONNX(strrep(files{i}, '.mat', '.onnx'));
    assert(report.passed, '%s: %s', files{i}, report.detail);
    assert(size(report.notBuiltIn, 1) < numel(dlnet.Layers));
    assert(size(report.notBuiltIn, 2) == 2);
end
end
