function testDlnetworkComputesWhatPyTorchComputed()
%TESTDLNETWORKCOMPUTESWHATPYTORCHCOMPUTED  Every kind of layer, within float32 rounding.
files = buildable();
for i = 1:numel(files)
    net = cifarx.load(files{i});
    dlnet = cifarx.dlnetwork(net);
    outputs = cifarx.internal.build.runDlnetwork(dlnet, net, networkInputs(net));
    judged = judgedHere(net, outputs);
    assert(all([judged.passed]), '%s: %s', files{i}, strjoin({judged.detail}, '; '));
    references = cifarx.internal.layout.each(net.test.reference, numel(net.outputs));
    for o = 1:numel(outputs)
        if isa(outputs{o}, 'double')  % the stand-in: exact except for rounding of double precision
            truth = references{o};
            error = max(abs(outputs{o}(:) - truth(:))) / max(abs(truth(:)));
            assert(error < 1e-13, '%s is off by %.1e', files{i}, error);
        end
    end
end
end
