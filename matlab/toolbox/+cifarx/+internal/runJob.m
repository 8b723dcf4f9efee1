function runJob(modelFile, jobFile, resultFile)
%RUNJOB  Run a network for 'cifarx verify', which calls this from Python.
%
%   CIFARX.INTERNAL.RUNJOB(MODELFILE, JOBFILE, RESULTFILE) loads the network
%   MODELFILE and reads from the MAT-file JOBFILE the variables images
%   (H-by-W-by-C-by-N uint8) and inputs (the same, normalised by Python, single).
%   It writes to the MAT-file RESULTFILE: runtime (char), inputs (the images as
%   they are normalised here, single) and logits (K-by-N single, of the inputs
%   that Python gave).

net = cifarx.load(modelFile);
job = load(jobFile, '-mat');
result.runtime = cifarx.internal.runtime();
result.inputs = cifarx.internal.normalize(job.images, net.input);
result.logits = cifarx.predict(net, job.inputs);
save('-v6', resultFile, '-struct', 'result');
end
