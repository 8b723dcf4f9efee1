function save(net, file, template)
%SAVE  Write a network to a MAT-file that cifarx can read.
%
%   CIFARX.SAVE(NET, FILE) writes NET to the MAT-file FILE. 'cifarx import FILE' in Python
%   turns it into a PyTorch run, and CIFARX.LOAD reads it. No toolbox is needed.
%
%   CIFARX.SAVE(DLNET, FILE, TEMPLATE) writes the weights of a trained dlnetwork. Everything that
%   a dlnetwork does not hold, such as class names and test images, is taken from TEMPLATE.
%
%   Input arguments:
%     NET       network returned by CIFARX.LOAD, with changed weights or options if you wish.
%               Arrays must be single and keep the sizes of their layers; NET is checked like a
%               file is by CIFARX.LOAD.
%     FILE      file name, character row vector or string scalar; '.mat' is added to a name
%               without an extension. The file is written under a temporary name and renamed,
%               so an existing FILE stays intact until the new one is complete.
%     DLNET     dlnetwork made by CIFARX.DLNETWORK and trained
%     TEMPLATE  the network from which DLNET was made, as returned by CIFARX.LOAD, or the name
%               of its model.mat
%
%   The file states what it holds. PyTorch has not computed anything with these weights, so
%   test.reference becomes empty and CIFARX.VERIFY has nothing to compare with. test.outputs
%   becomes what this network computes here for test.inputs, single, with which 'cifarx import'
%   checks PyTorch's outputs. The file is of version 2. These fields of format change:
%
%     producer           such as 'cifarx.save in octave 7.3.0'
%     arrays_sha256      digest of the arrays as written
%     base_sha256        digest of the checkpoint from which the network came
%     checkpoint_sha256  '', because no checkpoint holds these weights
%     onnx_sha256        '', because no ONNX file holds these weights
%
%   Example:
%      net = cifarx.load('model.mat');
%      net.layers(end).Bias = net.layers(end).Bias + 0.1;
%      cifarx.save(net, 'tuned.mat');
%
%   See also cifarx.load, cifarx.dlnetwork, cifarx.fineTune, cifarx.verify.

cifarx.internal.check.requireArguments(nargin, 2, 'save');
file = cifarx.internal.file.fileName(file, 'cifarx:save:fileName');
[~, ~, extension] = fileparts(file);
if isempty(extension)
    file = [file '.mat'];
end
if nargin > 2
    net = untangled(net, template);
elseif ~isstruct(net) || numel(net) ~= 1
    error('cifarx:save:network', ...
          ['NET must be a network returned by cifarx.load, a 1-by-1 structure, but is a ' ...
           '%s %s. A dlnetwork needs the network from which it was made: ' ...
           'cifarx.save(dlnet, file, ''model.mat'').'], cifarx.internal.message.sizeText(net), ...
          class(net));
end
cifarx.internal.check.requireNetwork(net, 'save');
try
    cifarx.internal.check.checkNetwork(net);
catch problem
    cifarx.internal.message.restate(problem, 'save', 'NET cannot be saved');
end
inputs = cifarx.internal.layout.each(net.test.inputs, numel(net.inputs));
outputs = cifarx.internal.compute(net, inputs, 16, 'save');
if ~all(cellfun(@(Y) all(isfinite(Y(:))), outputs))
    error('cifarx:save:notFinite', ...
          ['The network returns NaN or Inf for its own test.inputs; the training diverged. ' ...
           'Train again with a smaller learning rate.']);
end
net.test.outputs = cifarx.internal.layout.joined(outputs);
net.test.reference = [];
if isfield(net.layers, 'Exact')  % of the constants that the export computed, not of these
    net.layers = rmfield(net.layers, 'Exact');
end
net.format = signed(net);
cifarx.internal.file.writeMat(file, encoded(net));
end

function net = untangled(dlnet, template)
%UNTANGLED  The plain network of a trained dlnetwork.
if ~strcmp(class(dlnet), 'dlnetwork') %#ok<STISA> the tests' stand-in has no class of its own
    error('cifarx:save:network', ...
          ['With a TEMPLATE, the network must be a dlnetwork, but is a %s %s. Save a plain ' ...
           'network without one: cifarx.save(net, file).'], ...
          cifarx.internal.message.sizeText(dlnet), class(dlnet));
end
template = cifarx.internal.asChar(template);
if ~ischar(template) && ~isstruct(template)
    error('cifarx:save:template', ...
          ['TEMPLATE must be the network from which the dlnetwork was made, as returned by ' ...
           'cifarx.load, or the name of its model.mat, but is a %s %s.'], ...
          cifarx.internal.message.sizeText(template), class(template));
end
net = cifarx.internal.build.fromDlnetwork(dlnet, cifarx.internal.networkOf(template, 'save'));
end

function form = signed(net)
%SIGNED  The variable 'format': who wrote the file, and digests of its weights.
form = net.format;
form.version = 2;
form.producer = ['cifarx.save in ' cifarx.internal.runtime()];
if ~isempty(form.checkpoint_sha256)
    form.base_sha256 = form.checkpoint_sha256;
end
form.checkpoint_sha256 = '';
form.onnx_sha256 = '';
form.arrays_sha256 = cifarx.internal.file.arraysDigest(net.layers);
end

function net = encoded(net)
%ENCODED  The variables of the file, with text outside ASCII as UTF-8 bytes.
encode = @cifarx.internal.file.encodeText;
net.format = structfun(encode, net.format, 'UniformOutput', false);
net.classes = reshape(cellfun(encode, net.classes, 'UniformOutput', false), 1, []);
for i = 1:numel(net.layers)
    net.layers(i).Module = encode(net.layers(i).Module);
    if isstruct(net.layers(i).Source)
        net.layers(i).Source = structfun(encode, net.layers(i).Source, 'UniformOutput', false);
    end
end
end
