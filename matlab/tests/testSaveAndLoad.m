function testSaveAndLoad()
%TESTSAVEANDLOAD  A saved network is loaded again bit for bit.
files = fixtures();
file = [tempname() '.mat'];
clean = onCleanup(@() delete(file));
for i = 1:numel(files)
    net = cifarx.load(files{i});
    net.layers(end).Bias(2) = 7;
    cifarx.save(net, file);
    again = cifarx.load(file);
    assert(isequal(again.layers, net.layers), files{i});
    assert(isequal(again.inputs, net.inputs) && isequal(again.classes, net.classes));
    assert(isempty(again.test.reference));
    assert(isequal(again.test.outputs, cifarx.predict(net, net.test.inputs)));
    assert(strcmp(again.format.base_sha256, net.format.checkpoint_sha256));
    assert(~strcmp(again.format.arrays_sha256, net.format.arrays_sha256));
end
end
