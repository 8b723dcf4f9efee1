function runJob(modelFile, jobFile, resultFile)
%RUNJOB  Run a network for 'cifarx verify', which calls this function from Python.
%
%   CIFARX.INTERNAL.RUNJOB(MODELFILE, JOBFILE, RESULTFILE) loads the network MODELFILE and reads
%   these variables from the MAT-file JOBFILE:
%
%     inputs       single, in the layout of CIFARX.PREDICT, normalized by Python; with I inputs a
%                  1-by-I cell array of such
%     images       the pixels of the input that the network normalizes, H-by-W-by-C-by-N uint8; only
%                  if there is one
%     layers       present if the activations are wanted
%
%   It writes these variables to the MAT-file RESULTFILE:
%
%     runtime      char, such as 'octave 7.3.0'
%     outputs      single, the output for inputs, net.outputs.Size by N; with O outputs a 1-by-O
%     cell
%                  array of such
%     logits       the only output, if it is K-by-N
%     inputs       the images as normalized here, single; only if there were images
%     activations  1-by-L cell array of single, the output of each layer; only if wanted

net = cifarx.load(modelFile);
job = load(jobFile, '-mat');
result.runtime = cifarx.internal.runtime();
if isfield(job, 'images')
    pixels = net.inputs(cifarx.internal.interface.ofPixels(net));
    result.inputs = cifarx.internal.normalize(job.images, pixels);
end
inputs = cifarx.internal.layout.each(job.inputs, numel(net.inputs));
if isfield(job, 'layers')
    [outputs, found] = cifarx.internal.compute(net, inputs, 16, 'predict');
    result.activations = {found.Value};
else
    outputs = cifarx.internal.compute(net, inputs, 16, 'predict');
end
result.outputs = cifarx.internal.layout.joined(outputs);
if numel(net.outputs) == 1 && strcmp(net.outputs.Format, 'CB')
    result.logits = outputs{1};
end
save('-v6', resultFile, '-struct', 'result');
end
