function testSummary()
%TESTSUMMARY  One row per layer, with the sizes of the activations.
files = fixtures();
for i = 1:numel(files)
    net = cifarx.load(files{i});
    info = cifarx.summary(net);
    assert(isequal({info.layers(numel(net.inputs) + 1:end).Name}, {net.layers.Name}));
    assert(isequal(info.layers(1).OutputSize, net.inputs(1).Size));
    inputs = cifarx.internal.layout.each(net.test.inputs, numel(net.inputs));
    for k = 1:numel(inputs)
        inputs{k} = cifarx.internal.layout.chosen(inputs{k}, net.inputs(k), 1);
    end
    [~, given] = cifarx.internal.compute(net, inputs, 1, 'predict');
    for k = 1:numel(given)
        row = info.layers(numel(inputs) + k);
        assert(prod(row.OutputSize) == numel(given(k).Value), given(k).Name);
    end
    assert(info.learnables > 0 && info.classes == numel(net.classes));
    text = evalc('cifarx.summary(net)');
    assert(numel(strfind(text, sprintf('\n'))) >= numel(net.layers) + 3);
end
end
