function standInNumber(name, value, low, high)
%STANDINNUMBER  Refuse values that are not real numbers from LOW to HIGH.
if ~isnumeric(value) || ~isscalar(value) || ~(value >= low && value <= high)
    error('standin:number', '%s must be a number from %g to %g.', name, low, high);
end
end
