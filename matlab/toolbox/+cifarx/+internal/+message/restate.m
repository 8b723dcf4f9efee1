function restate(problem, name, subject)
%RESTATE  Raise an error of CHECKNETWORK as that of a public function.
%
%   CIFARX.INTERNAL.MESSAGE.RESTATE(PROBLEM, NAME, SUBJECT) raises the error PROBLEM again,
%   'cifarx:check:reason' as 'cifarx:NAME:reason', with SUBJECT, such as the file's
%   name in quotes, before its text. Any other error stays as it is.

if strncmp(problem.identifier, 'cifarx:check:', 13)
    error(['cifarx:' name ':' problem.identifier(14:end)], '%s: %s', subject, problem.message);
end
rethrow(problem);
end
