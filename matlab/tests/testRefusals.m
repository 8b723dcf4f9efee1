function testRefusals()
%TESTREFUSALS  Every function refuses invalid arguments with its own error.
files = fixtures();
net = cifarx.load(files{5});
X = net.test.images;
calls = {'load', 1; 'predict', 2; 'classify', 2; 'summary', 1; 'verify', 1; 'save', 2; ...
         'dlnetwork', 1; 'openInDesigner', 1; 'fineTune', 2; 'importONNX', 1};
for i = 1:size(calls, 1)
    call = str2func(['cifarx.' calls{i, 1}]);
    fewest = calls{i, 2};
    given = repmat({net}, 1, fewest - 1);
    refused(call, given, [calls{i, 1} ':arguments'], sprintf('%d, but got %d', fewest, fewest - 1));
end

for name = {'predict', 'classify', 'summary'}
    call = str2func(['cifarx.' name{1}]);
    rest = repmat({X}, 1, ~strcmp(name{1}, 'summary'));
    refused(call, [files(5), rest], [name{1} ':network'], 'char. Load one with net = cifarx.load');
    refused(call, [{5}, rest], [name{1} ':network'], 'is a 1-by-1 double');
    refused(call, [{struct()}, rest], [name{1} ':missingField'], 'has no field ''format''');
end

bad = net;
bad.layers(1).Weights = bad.layers(1).Weights(:, :, 1:2, :);
refused(@cifarx.predict, {bad, X}, 'predict:fieldSize', 'Weights is 3-by-2-by-2-by-6, expected');
refused(@cifarx.summary, {bad}, 'summary:fieldSize', 'Weights is 3-by-2-by-2-by-6, expected');
bad = net;
bad.classes = bad.classes(1:3);
refused(@cifarx.classify, {bad, X}, 'classify:classCount', 'there are 3 classes');
bad = net;
bad.layers = 5;
refused(@cifarx.predict, {bad, X}, 'predict:fieldClass', '''layers'' is a 1-by-1 double');
refused(@cifarx.predict, {net, double(X)}, 'predict:imageClass', 'but is double');
refused(@cifarx.predict, {net, X(1:8, :, :, :)}, 'predict:imageSize', '8-by-11-by-3');
refused(@cifarx.predict, {net, X, 'Batch', 3}, 'predict:option', '''MiniBatchSize''');

several = fixtures('regression');
several = cifarx.load(several{3});
[A, B] = several.test.inputs{:};
refused(@cifarx.predict, {several, A}, 'predict:inputCount', 'takes 2 inputs');
refused(@cifarx.predict, {several, A, B, B}, 'predict:inputCount', 'but got 3');
refused(@cifarx.predict, {several, A, B(:, 1)}, 'predict:observations', several.inputs(2).Name);
refused(@cifarx.predict, {several, A, B(1:2, :)}, 'predict:inputSize', several.inputs(2).Name);
refused(@cifarx.predict, {several, A, double(B)}, 'predict:inputClass', several.inputs(2).Name);
refused(@cifarx.predict, {several, A(1:2, :, :, :), B}, 'predict:imageSize', ...
        several.inputs(1).Name);
refused(@cifarx.classify, {several, A, B}, 'classify:task', 'regression');

refused(@cifarx.verify, {files{5}, 'Foo', 1}, 'verify:option', '''ResultFile''');
refused(@cifarx.verify, {files{5}, 5}, 'verify:option', '''ResultFile''');
refused(@cifarx.verify, {files{5}, 'ResultFile'}, 'verify:option', '''ResultFile''');
refused(@cifarx.load, {5}, 'load:fileName', '1-by-1 double');
refused(@cifarx.load, {'no.mat'}, 'load:fileNotFound', 'no.mat');
refused(@cifarx.save, {net, 'a.mat', files{5}}, 'save:network', 'without one: cifarx.save(net');
refused(@cifarx.save, {net, 'a.mat', net}, 'save:network', 'without one: cifarx.save(net');
refused(@cifarx.save, {5, 'a.mat'}, 'save:network', 'is a 1-by-1 double');

if exist('importNetworkFromONNX') %#ok<EXIST> a class or a function
    refused(@cifarx.importONNX, {5}, 'importONNX:fileName', '1-by-1 double');
    refused(@cifarx.importONNX, {{'model.onnx'}}, 'importONNX:fileName', '1-by-1 cell');
    refused(@cifarx.importONNX, files(5), 'importONNX:fileName', 'is not named .onnx');
end
if exist('dlnetwork') %#ok<EXIST> a class or a function
    refused(@cifarx.dlnetwork, {5}, 'dlnetwork:network', 'is a 1-by-1 double');
    refused(@cifarx.dlnetwork, {struct()}, 'dlnetwork:missingField', 'has no field ''format''');
    refused(@cifarx.dlnetwork, {bad}, 'dlnetwork:fieldClass', '''layers'' is a 1-by-1 double');
    dlnet = cifarx.dlnetwork(net);
    refused(@cifarx.save, {dlnet, 'a.mat'}, 'save:', 'NET must be a network');
    refused(@cifarx.save, {dlnet, 'a.mat', 5}, 'save:template', 'is a 1-by-1 double');
    labels = ones(1, size(X, 4));
    refused(@cifarx.fineTune, {5, X, labels}, 'fineTune:network', 'is a 1-by-1 double');
    refused(@cifarx.fineTune, {net, X, struct()}, 'fineTune:labels', 'class numbers from 1 to 5');
    refused(@cifarx.fineTune, {net, X(:, :, :, []), []}, 'fineTune:imageSize', 'no images');
    refused(@cifarx.fineTune, {net, X, labels, 'MaxEpochs', 1.5}, 'fineTune:option', ...
            '''MaxEpochs'' must be a whole number of 1 or more, but is 1.5');
    refused(@cifarx.fineTune, {net, X, labels, 'Plots', 5}, 'fineTune:option', ...
            '''Plots'' must be ''none'' or');
    refused(@cifarx.fineTune, {net, X, labels, 'Foo', 5}, 'fineTune:option', 'with the names');
end
end

function refused(call, given, identifier, words)
%REFUSED  The error that must be raised.
try
    call(given{:});
catch found
    assert(strncmp(found.identifier, ['cifarx:' identifier], numel(identifier) + 7), '%s: %s', ...
           found.identifier, found.message);
    assert(~isempty(strfind(found.message, words)), '%s', found.message); %#ok<STREMP>
    return
end
error('cifarx:test:notRefused', 'No error %s was raised.', identifier);
end
