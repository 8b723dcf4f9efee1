function [text, date] = version(varargin)
%VERSION  Stand-in: version('-release') is that of MATLAB; otherwise Octave's.
% https://www.mathworks.com/help/matlab/ref/version.html
text = OCTAVE_VERSION();
date = '';
if nargin > 0
    assert(strcmp(varargin{1}, '-release'));
    text = strrep(getenv('CIFARX_STANDIN_RELEASE'), 'R', '');
end
end
