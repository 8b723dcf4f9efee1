function yes = isprop(layer, name)
%ISPROP  Stand-in: whether a layer has a property; all stand-in layers have the same fields.
% https://www.mathworks.com/help/matlab/ref/isprop.html
yes = isfield(layer, name) && ~ismember(name, layer.Missing);
end
