function Y = binaryElementwise(inputs, name)
%BINARYELEMENTWISE  Function of each pair of elements of two arrays.
%
%   Y = CIFARX.LAYER.BINARYELEMENTWISE(INPUTS, NAME) is the function with this NAME of the two
%   single arrays in the cell array INPUTS: 'divide' (the first over the second), 'max' or 'min'.
%   Dimensions of length 1 are expanded. Y is NaN where one of the inputs is NaN.

[A, B] = inputs{:};
switch name
    case 'divide'
        Y = A ./ B;
    case 'max'
        Y = withNaN(max(A, B), A, B);
    case 'min'
        Y = withNaN(min(A, B), A, B);
    otherwise
        error('cifarx:predict:unknownFunction', ...
              'This toolbox does not support the elementwise function ''%s''.', name);
end
end

function Y = withNaN(Y, A, B)
%WITHNAN  Restore the NaN values that max and min ignore.
Y(isnan(A) | isnan(B)) = NaN;
end
