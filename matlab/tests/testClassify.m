function testClassify()
%TESTCLASSIFY  Names and scores agree with the logits of PyTorch, one image per row, or per pixel.
files = fixtures('classification');
for i = 1:numel(files)
    net = cifarx.load(files{i});
    X = net.test.inputs;
    [labels, scores] = cifarx.classify(net, X, 'MiniBatchSize', 2);
    count = size(X, 4);
    assert(iscellstr(labels) && isequal(size(labels), [count, 1])); %#ok<ISCLSTR>
    assert(isa(scores, 'single') && isequal(size(scores), [count, numel(net.classes)]));
    truth = softmaxOf(net.test.reference, 1).';
    assert(max(abs(double(scores(:)) - truth(:))) < 1e-5, files{i});
    [~, best] = max(truth, [], 2);
    assert(isequal(labels, reshape(net.classes(best), [], 1)), files{i});
    X(1, 1, 1, 1) = NaN;
    labels = cifarx.classify(net, X);
    assert(isempty(labels{1}) && ~isempty(labels{2}), files{i});
end
files = fixtures('segmentation');
for i = 1:numel(files)
    net = cifarx.load(files{i});
    X = net.test.inputs;
    [labels, scores] = cifarx.classify(net, X, 'MiniBatchSize', 3);
    truth = softmaxOf(net.test.reference, 3);
    assert(isa(scores, 'single') && isequal(size(scores), size(truth)));
    assert(max(abs(double(scores(:)) - truth(:))) < 1e-5, files{i});
    [~, best] = max(truth, [], 3);
    [height, width, ~, count] = size(truth);
    assert(isequal(labels, reshape(best, height, width, count)), files{i});
    one = cifarx.classify(net, X(:, :, :, 1));
    assert(isequal(one, labels(:, :, 1)), files{i});
    X(:, :, :, 1) = NaN;
    labels = cifarx.classify(net, X);
    assert(all(all(labels(:, :, 1) == 0)) && all(all(labels(:, :, 2) > 0)), files{i});
end
files = fixtures('regression');
for i = 1:numel(files)
    net = cifarx.load(files{i});
    inputs = cifarx.internal.layout.each(net.test.inputs, numel(net.inputs));
    try
        cifarx.classify(net, inputs{:});
        error('cifarx:test:notRefused', 'A regression has no classes.');
    catch found
        assert(strcmp(found.identifier, 'cifarx:classify:task'), found.message);
    end
end
end

function scores = softmaxOf(logits, dim)
%SOFTMAXOF  Softmax of double outputs along the dimension of the classes.
scores = exp(logits - max(logits, [], dim));
scores = scores ./ sum(scores, dim);
end
