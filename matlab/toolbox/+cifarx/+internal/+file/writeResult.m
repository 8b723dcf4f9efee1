function written = writeResult(file, report, found)
%WRITERESULT  Write the result of cifarx.verify for 'cifarx verify' in Python.
%
%   WRITTEN = CIFARX.INTERNAL.FILE.WRITERESULT(FILE, REPORT, FOUND) writes the MAT-file FILE from
%   REPORT of CIFARX.VERIFY and FOUND of CIFARX.INTERNAL.FILE.DIGESTS, with the variables that
%   verify/README.md lists, first under a temporary name. It prints one line and returns the name,
%   or '' if FILE is '' or cannot be written.

written = '';
if isempty(file)
    return
end
content.format = struct('name', 'cifarx-matlab-result', 'version', 2);
content.runtime = report.runtime;
content.model_sha256 = found.model;
content.arrays_sha256 = found.arrays;
content.inputs_sha256 = found.inputs;
content.normalized_sha256 = found.normalized;
outputs = cifarx.internal.layout.each(report.outputs, numel(report.outputNames));
for o = 1:numel(outputs)
    content.(sprintf('output%d', o)) = outputs{o};
end
if strcmp(report.task, 'classification')
    content.logits = outputs{1};  % its name in version 1
end
content.output_names = report.outputNames;
content.layer_names = {report.layers.Name};
content.layer_ratios = [report.layers.ratio];
content.layer_images = report.layerImages;
content.verdict = report.verdict; %#ok<STRNU> its fields are saved as variables
try
    folder = fileparts(file);
    if isempty(folder)
        folder = pwd();
    end
    temporary = [tempname(folder) '.mat'];
    save(temporary, '-struct', 'content', '-v6');
    moveOver(temporary, file);
    written = file;
    fprintf('wrote %s for ''cifarx verify'' in Python\n', file);
catch problem
    fprintf('%s was not written: %s\n', file, problem.message);
end
end

function moveOver(temporary, file)
%MOVEOVER  Rename over an existing file; Octave's movefile hides failures of the shell's mv.
if exist('OCTAVE_VERSION', 'builtin')
    [failed, reason] = rename(temporary, file);
else
    [done, reason] = movefile(temporary, file, 'f');
    failed = ~done;
end
if failed
    delete(temporary);
    error('cifarx:verify:resultFile', '%s', reason);
end
end
