function testDlnetworkComputesWhatPyTorchComputed()
%TESTDLNETWORKCOMPUTESWHATPYTORCHCOMPUTED  Every kind of layer, within float32 rounding.
files = buildable();
for i = 1:numel(files)
    net = cifarx.load(files{i});
    X = net.test.inputs;
    if strcmp(net.input.Normalization, 'zscore')
        X = single(net.test.images);  % the input layer normalizes
    end
    logits = cifarx.internal.build.runDlnetwork(cifarx.dlnetwork(net), X);
    judged = cifarx.internal.truth.judgeLogits(single(logits), net.test.logits, net.test.reference);
    assert(judged.passed, '%s: %s', files{i}, judged.detail);
    if isa(logits, 'double')  % the stand-in: exact except for rounding of double precision
        error = max(abs(logits(:) - net.test.reference(:))) / max(abs(net.test.reference(:)));
        assert(error < 1e-13, '%s is off by %.1e', files{i}, error);
    end
end
end
