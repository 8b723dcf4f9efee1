function testOpenInDesigner()
%TESTOPENINDESIGNER  Opens the app; needs a desktop.
requires('deepNetworkDesigner');
if ~exist('OCTAVE_VERSION', 'builtin') && ~usejava('desktop')
    error('cifarx:test:skipped', 'MATLAB runs without a desktop.');
end
files = buildable();
cifarx.openInDesigner(files{1});
end
