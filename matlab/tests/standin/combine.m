function data = combine(varargin)
%COMBINE  Stand-in: datastores that are read side by side.
% https://www.mathworks.com/help/matlab/ref/matlab.io.datastore.combine.html
data = struct('StandInClass', 'matlab.io.datastore.CombinedDatastore', ...
              'UnderlyingDatastores', {varargin});
end
