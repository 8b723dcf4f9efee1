function count = requireInputs(net, inputs, caller)
%REQUIREINPUTS  Refuse arrays whose number, class or size does not fit the inputs of a network.
%
%   COUNT = CIFARX.INTERNAL.INTERFACE.REQUIREINPUTS(NET, INPUTS, CALLER) checks the cell array
%   INPUTS of arrays against net.inputs and returns the number of observations. The errors
%   'cifarx:CALLER:REASON' name the input; REASON is inputCount, imageClass, imageSize (for images),
%   inputClass, inputSize (for signals and features), normalization or observations.

names = {net.inputs.Name};
if numel(inputs) ~= numel(names)
    error(['cifarx:' caller ':inputCount'], ...
          'The network takes %d input%s, %s, but got %d. Call cifarx.%s(net, %s).', ...
          numel(names), repmat('s', 1, numel(names) > 1), strjoin(names, ' and '), ...
          numel(inputs), caller, strjoin(names, ', '));
end
counts = zeros(1, numel(names));
for i = 1:numel(names)
    label = 'X';
    if numel(names) > 1
        label = sprintf('X%d', i);
    end
    requireOne(inputs{i}, net.inputs(i), label, caller);
    counts(i) = cifarx.internal.layout.countOf(inputs{i}, net.inputs(i));
end
count = counts(1);
other = find(counts ~= count, 1);
if ~isempty(other)
    error(['cifarx:' caller ':observations'], ...
          ['Input ''%s'' has %d observations and input ''%s'' has %d; all inputs need the same ' ...
           'number.'], names{1}, count, names{other}, counts(other));
end
end

function requireOne(X, input, label, caller)
%REQUIREONE  Refuse one array.
isImage = strcmp(input.Format, 'SSCB');
reasons = {'input', 'image'};
reason = ['cifarx:' caller ':' reasons{1 + isImage}];
if ~(isa(X, 'uint8') && isImage) && ~isa(X, 'single') || ~isreal(X)
    if isImage
        wanted = 'real uint8 (pixels 0..255) or real single (already normalized)';
        advice = 'Convert pixels 0..255 with uint8(X), normalized images with single(X).';
        if ~isnumeric(X)
            advice = 'Read an image file with imread, as in X = imread(''cat.png'').';
        end
    else
        wanted = 'real single';
        advice = 'Convert it with single(X).';
    end
    error([reason 'Class'], '%s (input ''%s'') must be %s, but is %s. %s', label, input.Name, ...
          wanted, cifarx.internal.message.classText(X), advice);
end
extent = double(input.Size);
found = size(X);
found(end + 1:numel(extent) + 1) = 1;
if ~isequal(found(1:numel(extent)), extent) || numel(found) > numel(extent) + 1
    error([reason 'Size'], 'Input ''%s'' takes %s, but %s is %s.%s', input.Name, ...
          sizeWanted(input), label, cifarx.internal.message.sizeText(X), ...
          sizeAdvice(found, extent));
end
if isa(X, 'uint8') && strcmp(input.Normalization, 'none')
    error(['cifarx:' caller ':normalization'], ...
          ['%s is uint8 (pixels), but the file of this network does not state how pixels of ' ...
           'input ''%s'' are normalized. Pass normalized images of class single instead.'], ...
          label, input.Name);
end
end

function text = sizeWanted(input)
%SIZEWANTED  What an input takes, as text.
extent = cifarx.internal.message.shapeText(double(input.Size));
switch input.Format
    case 'SSCB'
        text = sprintf(['images of %s (height, width, channels), stacked along the fourth ' ...
                        'dimension'], extent);
    case 'SCB'
        text = sprintf(['signals of %s (length, channels), stacked along the third ' ...
                        'dimension'], extent);
    otherwise
        text = sprintf('columns of %s features, %s-by-N for N observations', extent, extent);
end
end

function text = sizeAdvice(found, extent)
%SIZEADVICE  How to change an array of a likely wrong size.
text = '';
if numel(extent) == 3 && numel(found) == 4 && found(3) == 1 && extent(3) == 3
    text = ' Give a gray image three channels with repmat(X, [1 1 3]).';
elseif numel(extent) == 1 && numel(found) == 2 && found(2) == extent
    text = ' Features run along the first dimension: transpose it with X.''.';
elseif numel(extent) == 2 && isequal(found(1:2), fliplr(extent))
    text = ' The length comes before the channels: use permute(X, [2 1 3]).';
end
end
