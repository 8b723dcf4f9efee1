function [inputs, targets, net, options] = standInData(given)
%STANDINDATA  Arguments of trainNetwork and trainnet: (inputs, targets, ...) or (datastore, ...).
[net, options] = given{end - 1:end};
if numel(given) == 4
    [inputs, targets] = given{1:2};
    return
end
data = given{1};
if strcmp(class(data), 'matlab.io.datastore.CombinedDatastore') %#ok<STISA>
    [images, labels] = data.UnderlyingDatastores{:};
    if images.IterationDimension ~= 4 || labels.IterationDimension ~= 4
        error('standin:data', 'Images and labels of pixels lie along the fourth dimension.');
    end
    [inputs, targets] = deal(images.Values, labels.Values);
    return
end
if ~strcmp(class(data), 'augmentedImageDatastore') %#ok<STISA>
    error('standin:data', 'This stand-in does not read such datastores.');
end
targets = data.Images.Labels;
for n = numel(data.Images.Files):-1:1
    X = double(data.Images.ReadFcn(data.Images.Files{n}));
    if size(X, 3) == 1 && strcmp(data.ColorPreprocessing, 'gray2rgb')
        X = repmat(X, [1 1 3]);
    elseif size(X, 3) == 3 && strcmp(data.ColorPreprocessing, 'rgb2gray')
        X = mean(X, 3);
    end
    rows = round(linspace(1, size(X, 1), data.OutputSize(1)));
    columns = round(linspace(1, size(X, 2), data.OutputSize(2)));
    inputs(:, :, :, n) = single(X(rows, columns, :));
end
end
