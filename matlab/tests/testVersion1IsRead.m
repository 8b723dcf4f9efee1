function testVersion1IsRead()
%TESTVERSION1ISREAD  A file of version 1 is returned in the form of version 2, and saved in it.
file = fullfile(fileparts(mfilename('fullpath')), 'data', 'version1.mat');
content = load(file, '-mat');
assert(content.format.version == 1 && isfield(content, 'input'));
net = cifarx.load(file);
assert(isequal(net.inputs.Size, content.input.InputSize) && strcmp(net.inputs.Format, 'SSCB'));
assert(isequal(net.inputs.Mean, content.input.Mean) && strcmp(net.inputs.Name, content.input.Name));
assert(strcmp(net.outputs.Layer, content.outputs{1}) && strcmp(net.outputs.Format, 'CB'));
assert(strcmp(net.outputs.Name, 'logits') && net.outputs.Size == numel(content.classes));
assert(strcmp(net.task, 'classification') && isequal(net.test.outputs, content.test.logits));
judged = judgedHere(net, {cifarx.predict(net, net.test.images)});
assert(judged.passed, judged.detail);
saved = [tempname() '.mat'];
clean = onCleanup(@() delete(saved));
cifarx.save(net, saved);
content = load(saved, '-mat');
assert(content.format.version == 2 && ~isfield(content, 'input') && isfield(content, 'inputs'));
again = cifarx.load(saved);
assert(isequal(again.layers, net.layers) && isequal(again.inputs, net.inputs));
end
