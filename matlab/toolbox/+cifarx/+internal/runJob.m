function runJob(modelFile, jobFile, resultFile)
%RUNJOB  Run a network for 'cifarx verify', which calls this function from Python.
%
%   CIFARX.INTERNAL.RUNJOB(MODELFILE, JOBFILE, RESULTFILE) loads the network MODELFILE and reads
%   these variables from the MAT-file JOBFILE:
%
%     inputs       H-by-W-by-C-by-N single, normalized by Python
%     images       the same images as uint8; only if the network normalizes pixels
%     layers       present if the activations are wanted
%
%   It writes these variables to the MAT-file RESULTFILE:
%
%     runtime      char, such as 'octave 7.3.0'
%     logits       K-by-N single, the outputs for inputs
%     inputs       the images as normalized here, single; only if there were images
%     activations  1-by-L cell array of single, the output of each layer; only if wanted

net = cifarx.load(modelFile);
job = load(jobFile, '-mat');
result.runtime = cifarx.internal.runtime();
if isfield(job, 'images')
    result.inputs = cifarx.internal.normalize(job.images, net.input);
end
if isfield(job, 'layers')
    [result.logits, found] = cifarx.predict(net, job.inputs, 'Layers', true);
    result.activations = {found.Value};
else
    result.logits = cifarx.predict(net, job.inputs);
end
save('-v6', resultFile, '-struct', 'result');
end
