function testImportONNXChecksWhatItImports()
%TESTIMPORTONNXCHECKSWHATITIMPORTS  The outputs, and layers that are not built-in.
requires('importNetworkFromONNX');
files = fixtures();
folder = tempname();  % the importer may generate code in the current folder
mkdir(folder);
back = cd(folder);
restore = onCleanup(@() cd(back));
for i = 1:numel(files)
    try
        [dlnet, report] = cifarx.importONNX(strrep(files{i}, '.mat', '.onnx'));
    catch reason
        if strcmp(reason.identifier, 'cifarx:importONNX:toolbox')
            error('cifarx:test:skipped', '%s', reason.message);
        end
        rethrow(reason);
    end
    assert(report.passed, '%s: %s', files{i}, report.detail);
    assert(size(report.notBuiltIn, 1) < numel(dlnet.Layers));
    assert(size(report.notBuiltIn, 2) == 2);
end
end
