function runJob(modelFile, jobFile, resultFile)
%RUNJOB  Run a network for 'cifarx verify', which calls this from Python.
%
%   CIFARX.INTERNAL.RUNJOB(MODELFILE, JOBFILE, RESULTFILE) loads the network
%   MODELFILE and reads from the MAT-file JOBFILE the variables inputs
%   (H-by-W-by-C-by-N single, normalised by Python) and, where the network normalises
%   pixels, images (the same as uint8). It writes to the MAT-file RESULTFILE: runtime
%   (char), logits (K-by-N single, of the inputs that Python gave), if there were images
%   inputs (the images as they are normalised here, single), and if the job has a
%   variable layers, activations (1-by-L cell, single, what every layer gives).

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
