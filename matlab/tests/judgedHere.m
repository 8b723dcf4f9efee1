function judged = judgedHere(net, outputs)
%JUDGEDHERE  Outputs of a test network compared with those of PyTorch.
%
%   JUDGED = JUDGEDHERE(NET, OUTPUTS) is a 1-by-O structure array of
%   CIFARX.INTERNAL.TRUTH.JUDGEOUTPUT for the cell array OUTPUTS, one array per output of NET.

count = numel(net.outputs);
yardsticks = cifarx.internal.layout.each(net.test.outputs, count);
references = cifarx.internal.layout.each(net.test.reference, count);
for o = count:-1:1
    judged(o) = cifarx.internal.truth.judgeOutput(single(outputs{o}), yardsticks{o}, ...
                                                  references{o}, net.outputs(o), net.task);
end
end
