function data = arrayDatastore(values, varargin)
%ARRAYDATASTORE  Stand-in: observations of an array along one dimension.
% https://www.mathworks.com/help/matlab/ref/matlab.io.datastore.arraydatastore.html
options = standInOptions([varargin, {'Name', 'data'}], {'IterationDimension', 1, 'ReadSize', 1, ...
                                                        'OutputType', 'cell'});
data = struct('StandInClass', 'matlab.io.datastore.ArrayDatastore', 'Values', {values}, ...
              'IterationDimension', options.IterationDimension);
end
