function X = dlarray(data, format)
%DLARRAY  Stand-in: numbers with the names of their dimensions.
% https://www.mathworks.com/help/deeplearning/ref/dlarray.html
if nargin < 2
    format = '';
end
if ~ismember(format, {'', 'SSCB', 'SCB', 'CB'})
    error('standin:format', 'This stand-in knows SSCB, SCB and CB only.');
end
X = struct('Data', data, 'Format', format, 'StandInClass', 'dlarray');
end
