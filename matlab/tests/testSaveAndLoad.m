function testSaveAndLoad()
%TESTSAVEANDLOAD  A saved network is loaded again bit for bit.
files = fixtures();
file = [tempname() '.mat'];
clean = onCleanup(@() delete(file));
for i = 1:numel(files)
    net = cifarx.load(files{i});
    last = find(~cellfun(@isempty, {net.layers.Bias}), 1, 'last');
    net.layers(last).Bias(1) = 7;
    cifarx.save(net, file);
    again = cifarx.load(file);
    if isfield(net.layers, 'Exact')
        net.layers = rmfield(net.layers, 'Exact');  % of constants of the export; not saved
    end
    assert(isequal(again.layers, net.layers), files{i});
    assert(isequal(again.inputs, net.inputs) && isequal(again.classes, net.classes));
    assert(isempty(again.test.reference));
    inputs = cifarx.internal.layout.each(net.test.inputs, numel(net.inputs));
    outputs = cifarx.internal.compute(net, inputs, 16, 'predict');
    assert(isequal(again.test.outputs, cifarx.internal.layout.joined(outputs)));
    assert(isequal(again.outputs, net.outputs) && strcmp(again.task, net.task));
    assert(strcmp(again.format.base_sha256, net.format.checkpoint_sha256));
    assert(~strcmp(again.format.arrays_sha256, net.format.arrays_sha256));
end
end
