function testFineTuneRefusesWrongData()
%TESTFINETUNEREFUSESWRONGDATA  Wrong sizes, classes, labels and options are refused.
requires('dlnetwork');
files = fixtures();
net = cifarx.load(files{4});
X = net.test.images;
count = size(X, 4);
ones1 = ones(1, count);
refused({net, X(1:8, :, :, :), ones1}, 'imageSize', '9-by-11-by-3');
refused({net, single(X), ones1}, 'imageClass', 'X must be uint8');
refused({net, X}, 'labels', 'need labels');
refused({net, X, 6 * ones1}, 'labels', 'from 1 to 5');
refused({net, X, repmat({'dog'}, 1, count)}, 'labels', 'class_1, class_2');
refused({net, X, 1}, 'labels', 'There are 1 labels');
refused({net, {1}}, 'data', 'imageDatastore');
refused({net, X, ones1, 'MaxEpochs', 0}, 'option', 'MaxEpochs');
net.inputs.Normalization = 'none';
refused({net, X, ones1}, 'imageClass', 'X must be single');

files = fixtures('segmentation');
net = cifarx.load(files{1});
X = net.test.images;
if isempty(X)
    X = net.test.inputs;
end
labels = ones(size(net.test.outputs, 1), size(net.test.outputs, 2), size(X, 4));
refused({net, X, labels(:, :, 1)}, 'labels', 'class numbers of the pixels');
refused({net, X, 0 * labels}, 'labels', 'or 0 for pixels without label');
refused({net, X, 99 * labels}, 'labels', 'from 1 to');
files = fixtures('regression');
net = cifarx.load(files{1});
X = net.test.inputs;
refused({net, X.', X}, 'inputSize', 'takes columns of');
refused({net, double(X), X}, 'inputClass', 'single');
refused({net, X, ones(1, size(X, 2))}, 'targets', 'the size of the output');
refused({net, X, NaN * net.test.outputs}, 'targets', 'finite numbers');
net = cifarx.load(files{3});
refused({net, 1, 2}, 'several', 'cifarx.save(dlnet, ''tuned.mat'', net)');
end

function refused(arguments, reason, words)
%REFUSED  The error that must be raised.
try
    cifarx.fineTune(arguments{:});
catch found
    assert(strcmp(found.identifier, ['cifarx:fineTune:' reason]), '%s: %s', ...
           found.identifier, found.message);
    assert(~isempty(strfind(lower(found.message), lower(words))), found.message); %#ok<STREMP>
    return
end
error('cifarx:test:notRefused', 'No error %s was raised.', reason);
end
