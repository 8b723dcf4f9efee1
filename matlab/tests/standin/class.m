function name = class(varargin)
%CLASS  The class of a value; that of a stand-in's layer is the toolbox's.
name = builtin('class', varargin{:});
if strcmp(name, 'struct') && isscalar(varargin{1}) && isfield(varargin{1}, 'StandInClass')
    name = varargin{1}.StandInClass;
end
end
