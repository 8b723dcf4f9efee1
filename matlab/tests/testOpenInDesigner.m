function testOpenInDesigner()
%TESTOPENINDESIGNER  Opens the app; nothing to see without a desktop.
requires('deepNetworkDesigner');
if ~exist('OCTAVE_VERSION', 'builtin') && ~usejava('desktop')
    error('cifarx:test:skipped', 'There is no desktop here.');
end
files = fixtures();
cifarx.openInDesigner(files{1});
end
