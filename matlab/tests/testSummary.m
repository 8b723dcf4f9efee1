function testSummary()
%TESTSUMMARY  One row per layer, with the sizes of the activations.
files = fixtures();
for i = 1:numel(files)
    net = cifarx.load(files{i});
    info = cifarx.summary(net);
    assert(isequal({info.layers(2:end).Name}, {net.layers.Name}));
    assert(isequal(info.layers(1).OutputSize, net.input.InputSize));
    [~, given] = cifarx.predict(net, net.test.inputs(:, :, :, 1), 'Layers', true);
    for k = 1:numel(given)
        assert(prod(info.layers(k + 1).OutputSize) == numel(given(k).Value), given(k).Name);
    end
    assert(info.learnables > 0 && info.classes == numel(net.classes));
    text = evalc('cifarx.summary(net)');
    assert(numel(strfind(text, sprintf('\n'))) >= numel(net.layers) + 3);
end
end
