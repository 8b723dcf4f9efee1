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
