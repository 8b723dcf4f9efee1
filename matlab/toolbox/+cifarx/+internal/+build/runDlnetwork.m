function outputs = runDlnetwork(dlnet, net, inputs, source)
%RUNDLNETWORK  Compute the outputs of a dlnetwork.
%
%   OUTPUTS = CIFARX.INTERNAL.BUILD.RUNDLNETWORK(DLNET, NET, INPUTS) returns a 1-by-O cell array
%   with the outputs of the dlnetwork DLNET, which CIFARX.DLNETWORK made from NET, in their natural
%   layout. INPUTS is a cell array of single arrays in the natural layout of net.inputs; an input
%   that normalizes takes pixels. 16 observations are computed at a time.
%
%   OUTPUTS = CIFARX.INTERNAL.BUILD.RUNDLNETWORK(DLNET, NET, INPUTS, 'imported') does so for a
%   dlnetwork that was imported from the ONNX file of NET: it has a signal as such, and its outputs
%   in the order of the file.
%
%   https://www.mathworks.com/help/deeplearning/ref/dlnetwork.predict.html

imported = nargin > 3 && strcmp(source, 'imported');
wanted = {};
if ~imported && numel(net.outputs) > 1
    wanted = {'Outputs', {net.outputs.Layer}};
end
count = cifarx.internal.layout.countOf(inputs{1}, net.inputs(1));
parts = cell(numel(net.outputs), 0);
for first = 1:16:count
    chosen = first:min(first + 15, count);
    given = cell(1, numel(inputs));
    for i = 1:numel(inputs)
        given{i} = labelled(inputs{i}, net.inputs(i), chosen, imported);
    end
    Y = cell(1, numel(net.outputs));
    [Y{:}] = predict(dlnet, given{:}, wanted{:});
    for o = 1:numel(Y)
        Y{o} = laidOut(extractdata(Y{o}), net.outputs(o), numel(chosen), imported);
    end
    parts(:, end + 1) = Y; %#ok<AGROW>
end
outputs = cell(1, numel(net.outputs));
for o = 1:numel(outputs)
    outputs{o} = cat(max(numel(net.outputs(o).Size), 1) + 1, parts{o, :});
end
end

function X = labelled(X, input, chosen, imported)
%LABELLED  Some observations of an input as a dlarray.
X = cifarx.internal.layout.chosen(X, input, chosen);
if imported
    X = dlarray(X, input.Format);
elseif strcmp(input.Format, 'CB')
    X = dlarray(X, 'CB');
else
    X = dlarray(cifarx.internal.layout.carried(X, input), 'SSCB');
end
end

function Y = laidOut(Y, output, count, imported)
%LAIDOUT  An output in its natural layout.
if imported
    Y = reshape(Y, [output.Size, ones(1, isempty(output.Size)), count]);
else
    Y = cifarx.internal.layout.natural(Y, output, count);
end
end
