function requireToolbox(caller, needed, product)
%REQUIRETOOLBOX  Say what is missing before a function of it is called.
%
%   CIFARX.INTERNAL.CHECK.REQUIRETOOLBOX(CALLER, NEEDED, PRODUCT) raises the error
%   cifarx:CALLER:toolbox unless the function NEEDED of PRODUCT is there.

if ~exist(needed) %#ok<EXIST> a class or a function
    error(['cifarx:' caller ':toolbox'], ...
          ['cifarx.%s needs %s (its function %s), which is not here. cifarx.predict, ' ...
           'cifarx.classify and cifarx.verify run the network without it.'], ...
          caller, product, needed);
end
end
