function networks = measured()
%MEASURED  Differences from PyTorch of each test network, and the time that functions take.
%
%   NETWORKS = MEASURED() is a 1-by-n structure array with the fields
%
%     name               of the file in tests/data
%     predict_ratio      error of cifarx.predict divided by that of PyTorch in float32, both
%                        relative to PyTorch in float64
%     predict_error      largest error of an output
%     dlnetwork_ratio    the same of the dlnetwork; [] if it cannot be built here
%     dlnetwork_error
%     dlnetwork_missing  identifier and message of the error if it cannot be built
%     load_seconds, predict_seconds, dlnetwork_seconds, forward_seconds
%                        time of cifarx.load, cifarx.predict, cifarx.dlnetwork and its predict, for
%                        the images of the file

files = fixtures();
for i = numel(files):-1:1
    networks(i) = ofFile(files{i});
end
end

function found = ofFile(file)
%OFFILE  The measurements of one network.
[~, found.name] = fileparts(file);
[net, found.load_seconds] = timed(@() cifarx.load(file));
X = net.test.inputs;
[logits, found.predict_seconds] = timed(@() cifarx.predict(net, X));
[found.predict_ratio, found.predict_error] = compared(logits, net);
[found.dlnetwork_ratio, found.dlnetwork_error] = deal([]);
[found.dlnetwork_seconds, found.forward_seconds] = deal([]);
found.dlnetwork_missing = '';
if strcmp(net.input.Normalization, 'zscore')
    X = single(net.test.images);  % the input layer normalizes
end
try
    [dlnet, found.dlnetwork_seconds] = timed(@() cifarx.dlnetwork(net));
    [logits, found.forward_seconds] = timed(@() cifarx.internal.build.runDlnetwork(dlnet, X));
    [found.dlnetwork_ratio, found.dlnetwork_error] = compared(single(logits), net);
catch reason
    found.dlnetwork_missing = [reason.identifier ': ' reason.message];
end
end

function [ratio, largest] = compared(logits, net)
%COMPARED  Errors as double, which jsonencode of Octave takes.
judged = cifarx.internal.truth.judgeLogits(logits, net.test.logits, net.test.reference);
ratio = double(judged.ratio);
largest = double(judged.largest);
end

function [value, seconds] = timed(compute)
%TIMED  The value of a function, and the time it took.
start = tic();
value = compute();
seconds = toc(start);
end
