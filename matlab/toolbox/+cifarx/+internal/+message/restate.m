function restate(problem, name, subject)
%RESTATE  Raise an error of a check under the name of a public function.
%
%   CIFARX.INTERNAL.MESSAGE.RESTATE(PROBLEM, NAME, SUBJECT) raises the error PROBLEM again,
%   'cifarx:check:REASON' as 'cifarx:NAME:REASON', with SUBJECT, such as the quoted file name, in
%   front of its text. Any other error is raised unchanged.

if strncmp(problem.identifier, 'cifarx:check:', 13)
    error(['cifarx:' name ':' problem.identifier(14:end)], '%s: %s', subject, problem.message);
end
rethrow(problem);
end
