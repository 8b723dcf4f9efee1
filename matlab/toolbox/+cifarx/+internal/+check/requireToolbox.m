function requireToolbox(caller, needed, product)
%REQUIRETOOLBOX  Refuse to go on without a function of another product.
%
%   CIFARX.INTERNAL.CHECK.REQUIRETOOLBOX(CALLER, NEEDED, PRODUCT) raises the error
%   cifarx:CALLER:toolbox unless the function NEEDED of PRODUCT exists.

if ~exist(needed) %#ok<EXIST> a class or a function
    error(['cifarx:' caller ':toolbox'], ...
          ['cifarx.%s needs %s (its function %s), which is not installed. cifarx.predict, ' ...
           'cifarx.classify and cifarx.verify run the network without it.'], ...
          caller, product, needed);
end
end
