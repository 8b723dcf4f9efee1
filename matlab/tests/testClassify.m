function testClassify()
%TESTCLASSIFY  Names and scores agree with the logits of PyTorch, one image per row.
files = fixtures();
for i = 1:numel(files)
    net = cifarx.load(files{i});
    X = net.test.inputs;
    [labels, scores] = cifarx.classify(net, X, 'MiniBatchSize', 2);
    count = size(X, 4);
    assert(iscellstr(labels) && isequal(size(labels), [count, 1])); %#ok<ISCLSTR>
    assert(isa(scores, 'single') && isequal(size(scores), [count, numel(net.classes)]));
    truth = net.test.reference - max(net.test.reference, [], 1);
    truth = (exp(truth) ./ sum(exp(truth), 1)).';
    assert(max(abs(double(scores(:)) - truth(:))) < 1e-5, files{i});
    [~, best] = max(truth, [], 2);
    assert(isequal(labels, reshape(net.classes(best), [], 1)), files{i});
    X(1, 1, 1, 1) = NaN;
    labels = cifarx.classify(net, X);
    assert(isempty(labels{1}) && ~isempty(labels{2}), files{i});
end
end
