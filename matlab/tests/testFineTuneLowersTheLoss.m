function testFineTuneLowersTheLoss()
%TESTFINETUNELOWERSTHELOSS  Training lowers the loss and keeps names, classes, normalization.
files = buildable();
count = 0;
for i = 1:numel(files)
    net = cifarx.load(files{i});
    if numel(net.inputs) > 1 || numel(net.outputs) > 1
        continue  % refused, as another test shows
    end
    X = net.test.images;
    if isempty(X)
        X = net.test.inputs;
    end
    targets = targetsOf(net);
    options = {'MaxEpochs', 1, 'Verbose', false, 'InitialLearnRate', 0.01};
    try
        [tuned, trained] = cifarx.fineTune(net, X, targets, options{:});
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
    assert(~isequal({tuned.layers.Bias}, {net.layers.Bias}));
    before = loss(cifarx.predict(net, X), targets, net);
    after = loss(cifarx.predict(tuned, X), targets, net);
    assert(after < before, '%s: %.4f, and was %.4f', files{i}, after, before);
end
assert(count > 0);
end

function targets = targetsOf(net)
%TARGETSOF  Classes of images or pixels, one pixel of them without label, or numbers.
Y = net.test.outputs;
count = cifarx.internal.layout.countOf(Y, net.outputs);
switch net.task
    case 'classification'
        targets = 1 + mod(1:count, numel(net.classes));
    case 'segmentation'
        targets = 1 + mod(reshape(1:numel(Y(:, :, 1, :)), size(Y, 1), size(Y, 2), count), ...
                          numel(net.classes));
        targets(2, 3, 1) = 0;
    otherwise
        targets = Y + 1;
end
end

function value = loss(Y, targets, net)
%LOSS  Mean cross-entropy of softmax, or mean squared error.
if strcmp(net.task, 'regression')
    value = mean((double(Y(:)) - double(targets(:))).^2);
    return
end
dim = numel(net.outputs.Size);
order = [dim, 1:dim - 1, dim + 1];
logits = reshape(permute(double(Y), order), numel(net.classes), []);
known = targets(:).' > 0;
logits = logits(:, known) - max(logits(:, known), [], 1);
chosen = logits(sub2ind(size(logits), reshape(targets(known), 1, []), 1:sum(known)));
value = mean(log(sum(exp(logits), 1)) - chosen);
end
