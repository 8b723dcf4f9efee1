function testPredict()
%TESTPREDICT  Every output agrees with PyTorch, in its layout, for any number of observations.
files = fixtures();
for i = 1:numel(files)
    net = cifarx.load(files{i});
    inputs = cifarx.internal.layout.each(net.test.inputs, numel(net.inputs));
    outputs = cell(1, numel(net.outputs));
    [outputs{:}] = cifarx.predict(net, inputs{:});
    judged = judgedHere(net, outputs);
    assert(all([judged.passed]), '%s: %s', files{i}, strjoin({judged.detail}, '; '));
    references = cifarx.internal.layout.each(net.test.reference, numel(outputs));
    assert(isequal(cellfun(@size, outputs, 'UniformOutput', false), ...
                   cellfun(@size, references, 'UniformOutput', false)), files{i});

    again = cell(1, numel(net.outputs) + 1);
    [again{:}] = cifarx.predict(net, inputs{:}, 'Layers', true, 'MiniBatchSize', 3);
    assert(isequal({again{end}.Name}, {net.layers.Name}));
    judged = judgedHere(net, again(1:end - 1));
    assert(all([judged.passed]), '%s: %s', files{i}, strjoin({judged.detail}, '; '));

    first = cell(1, numel(inputs));
    for k = 1:numel(inputs)
        first{k} = cifarx.internal.layout.chosen(inputs{k}, net.inputs(k), 1);
    end
    one = cell(1, numel(net.outputs));
    [one{:}] = cifarx.predict(net, first{:});
    for o = 1:numel(one)
        expected = cifarx.internal.layout.chosen(references{o}, net.outputs(o), 1);
        assert(isequal(size(one{o}), size(expected)), files{i});
        far = max(abs(double(one{o}(:)) - expected(:)));
        assert(far < 1e-4 * max(abs(references{o}(:))), '%s: %g', files{i}, far);
    end
end
end
