function testNameValueStrings()
%TESTNAMEVALUESTRINGS  Strings work like char, also in the syntax NAME=VALUE.
if exist('OCTAVE_VERSION', 'builtin')
    error('cifarx:test:skipped', 'Octave has no strings.');
end
files = fixtures();
net = cifarx.load(string(files{1}));
X = net.test.inputs;
Y = cifarx.predict(net, X);
assert(isequal(size(cifarx.predict(net, X, string('MiniBatchSize'), 2)), size(Y)));
[~, given] = cifarx.predict(net, X, string('Layers'), true);
assert(numel(given) == numel(net.layers));
assert(numel(cifarx.classify(net, X, string('MiniBatchSize'), 2)) == size(X, 4));
file = [tempname() '.mat'];
clean = onCleanup(@() delete(file));
cifarx.save(net, string(file));
report = cifarx.verify(string(files{1}), string('ResultFile'), string(''));
assert(strcmp(report.verdict, 'EQUIVALENT'));
end
