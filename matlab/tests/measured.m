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
inputs = cifarx.internal.layout.each(net.test.inputs, numel(net.inputs));
[outputs, found.predict_seconds] = timed(@() cifarx.internal.compute(net, inputs, 16, 'predict'));
[found.predict_ratio, found.predict_error] = compared(outputs, net);
[found.dlnetwork_ratio, found.dlnetwork_error] = deal([]);
[found.dlnetwork_seconds, found.forward_seconds] = deal([]);
found.dlnetwork_missing = '';
inputs = networkInputs(net);
try
    [dlnet, found.dlnetwork_seconds] = timed(@() cifarx.dlnetwork(net));
    run = @() cifarx.internal.build.runDlnetwork(dlnet, net, inputs);
    [outputs, found.forward_seconds] = timed(run);
    [found.dlnetwork_ratio, found.dlnetwork_error] = compared(outputs, net);
catch reason
    found.dlnetwork_missing = [reason.identifier ': ' reason.message];
end
end

function [ratio, largest] = compared(outputs, net)
%COMPARED  The worst errors of all outputs as double, which jsonencode of Octave takes.
judged = judgedHere(net, outputs);
ratio = max(double([judged.ratio]));
largest = max(double([judged.largest]));
end

function [value, seconds] = timed(compute)
%TIMED  The value of a function, and the time it took.
start = tic();
value = compute();
seconds = toc(start);
end
