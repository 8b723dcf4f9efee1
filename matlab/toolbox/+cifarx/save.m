function save(net, file, template)
%SAVE  Write a network to a file that cifarx and PyTorch's side read again.
%
%   CIFARX.SAVE(NET, FILE) writes NET, a structure as CIFARX.LOAD returns it, with its
%   weights or options changed or not, to the MAT-file FILE ('.mat' is added to a
%   name without an extension). 'cifarx import FILE' makes a PyTorch run of it, and
%   CIFARX.LOAD reads it. Arrays must be single and of the sizes that the layers had;
%   NET is checked as a file is by CIFARX.LOAD. No toolbox is needed.
%
%   CIFARX.SAVE(DLNET, FILE, TEMPLATE) writes a trained dlnetwork of CIFARX.DLNETWORK.
%   TEMPLATE is the network that it was made of, as CIFARX.LOAD returns it, or the name
%   of its model.mat: names, classes and what a dlnetwork does not hold come from it.
%
%   The file says honestly what it holds. What PyTorch once computed is no answer of
%   the changed network, so that test.reference becomes empty and CIFARX.VERIFY has
%   nothing to compare with; test.logits (K-by-N single) becomes what this network
%   gives here for test.inputs, by which 'cifarx import' judges PyTorch's. The
%   fields of format become
%
%     producer            'cifarx.save in octave 7.3.0', say
%     arrays_sha256       the digest of the arrays as they are now
%     base_sha256         the checkpoint that the network came from
%     checkpoint_sha256,
%     onnx_sha256         '': no such file holds these weights
%
%   FILE is written under another name and then moved, so that an old FILE is whole
%   until the new one is.
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
          ['NET must be a network as cifarx.load returns it, a 1-by-1 structure, but is a ' ...
           '%s %s. A dlnetwork needs the network that it was made of: ' ...
           'cifarx.save(dlnet, file, ''model.mat'').'], cifarx.internal.message.sizeText(net), ...
          class(net));
end
cifarx.internal.check.requireNetwork(net, 'save');
try
    cifarx.internal.check.checkNetwork(net);
catch problem
    cifarx.internal.message.restate(problem, 'save', 'NET cannot be saved');
end
net.test.logits = cifarx.predict(net, net.test.inputs);
if ~all(isfinite(net.test.logits(:)))
    error('cifarx:save:notFinite', ...
          ['The network gives NaN or Inf for its own test.inputs; the training diverged. Train ' ...
           'again with a smaller learning rate.']);
end
net.test.reference = [];
net.format = signed(net);
cifarx.internal.file.writeMat(file, encoded(net));
end

function net = untangled(dlnet, template)
%UNTANGLED  The plain network of a trained dlnetwork.
if ~strcmp(class(dlnet), 'dlnetwork') %#ok<STISA> the tests' stand-in has no class of its own
    error('cifarx:save:network', ...
          ['With a TEMPLATE, the network must be a dlnetwork, but is a %s %s. A plain network ' ...
           'is saved without one: cifarx.save(net, file).'], ...
          cifarx.internal.message.sizeText(dlnet), class(dlnet));
end
template = cifarx.internal.asChar(template);
if ~ischar(template) && ~isstruct(template)
    error('cifarx:save:template', ...
          ['TEMPLATE must be the network that the dlnetwork was made of, as cifarx.load ' ...
           'returns it, or the name of its model.mat, but is a %s %s.'], ...
          cifarx.internal.message.sizeText(template), class(template));
end
net = cifarx.internal.build.fromDlnetwork(dlnet, cifarx.internal.networkOf(template, 'save'));
end

function form = signed(net)
%SIGNED  The variable 'format': who wrote the file, and what its weights are.
form = net.format;
form.producer = ['cifarx.save in ' cifarx.internal.runtime()];
if ~isempty(form.checkpoint_sha256)
    form.base_sha256 = form.checkpoint_sha256;
end
form.checkpoint_sha256 = '';
form.onnx_sha256 = '';
form.arrays_sha256 = cifarx.internal.file.arraysDigest(net.layers);
end

function net = encoded(net)
%ENCODED  The variables of the file: text outside ASCII as UTF-8 bytes.
encode = @cifarx.internal.file.encodeText;
net.format = structfun(encode, net.format, 'UniformOutput', false);
net.classes = cellfun(encode, net.classes, 'UniformOutput', false);
for i = 1:numel(net.layers)
    net.layers(i).Module = encode(net.layers(i).Module);
    if isstruct(net.layers(i).Source)
        net.layers(i).Source = structfun(encode, net.layers(i).Source, 'UniformOutput', false);
    end
end
end
