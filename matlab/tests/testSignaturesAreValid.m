function testSignaturesAreValid()
%TESTSIGNATURESAREVALID  MATLAB's own check of the files for tab completion.
requires('validateFunctionSignaturesJSON');
folder = fullfile(fileparts(fileparts(mfilename('fullpath'))), 'toolbox');
files = {fullfile(folder, 'functionSignatures.json'), ...
         fullfile(folder, 'resources', 'functionSignatures.json')};
for i = 1:numel(files)
    problems = validateFunctionSignaturesJSON(files{i});
    assert(isempty(problems), files{i});
end
end
