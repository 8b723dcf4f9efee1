function digest = hash(varargin) %#ok<STOUT>
%HASH  Stand-in: MATLAB has no function hash.
error('standin:hash', 'Undefined function ''hash''.');
end
