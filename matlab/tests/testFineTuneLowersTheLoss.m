function testFineTuneLowersTheLoss()
%TESTFINETUNELOWERSTHELOSS  Training lowers the loss and keeps names, classes, normalization.
files = buildable();
count = 0;
for i = 1:numel(files)
    net = cifarx.load(files{i});
    X = net.test.images;
    if isempty(X)
        X = net.test.inputs;
    end
    labels = 1 + mod(1:size(X, 4), numel(net.classes));
    options = {'MaxEpochs', 1, 'Verbose', false, 'InitialLearnRate', 0.01};
    try
        [tuned, trained] = cifarx.fineTune(net, X, labels, options{:});
    catch reason
        if ~strcmp(reason.identifier, 'cifarx:fineTune:release')
            rethrow(reason);
        end
        fprintf('left out | %s | %s\n', files{i}, reason.message);
        continue
    end
    count = count + 1;
    assert(numel(trained.Layers) <= numel(net.layers) + 1);
    assert(isequal(tuned.inputs, net.inputs) && isequal(tuned.classes, net.classes));
    assert(isequal({tuned.layers.Name}, {net.layers.Name}));
    assert(~isequal(tuned.layers(end).Bias, net.layers(end).Bias));
    before = loss(cifarx.predict(net, X), labels);
    after = loss(cifarx.predict(tuned, X), labels);
    assert(after < before, '%s: %.4f, and was %.4f', files{i}, after, before);
end
assert(count > 0);
end

function value = loss(logits, labels)
%LOSS  Mean cross-entropy of softmax.
logits = double(logits) - max(double(logits), [], 1);
chosen = logits(sub2ind(size(logits), labels, 1:numel(labels)));
value = mean(log(sum(exp(logits), 1)) - chosen);
end
