function name = class(varargin)
%CLASS  The class of a value; layers of the stand-in have the class of the toolbox.
name = builtin('class', varargin{:});
if strcmp(name, 'struct') && isscalar(varargin{1}) && isfield(varargin{1}, 'StandInClass')
    name = varargin{1}.StandInClass;
end
end
