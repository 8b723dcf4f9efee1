function steps = standInSteps(name, steps, least)
%STANDINSTEPS  Two whole numbers [vertical horizontal], LEAST or more.
if isscalar(steps)
    steps = [steps, steps];
end
if ~isnumeric(steps) || ~isequal(size(steps), [1, 2]) || any(steps < least | steps ~= fix(steps))
    error('standin:steps', '%s must be two whole numbers of %d or more.', name, least);
end
steps = double(steps);
end
