classdef ImageDatastore < handle
    %IMAGEDATASTORE  Stand-in for the class of imageDatastore, as far as cifarx.fineTune uses it.
    % https://www.mathworks.com/help/matlab/ref/matlab.io.datastore.imagedatastore.html

    properties
        Files
        Labels
        ReadFcn
    end

    methods

        function data = ImageDatastore(files, labels, readFcn)
            data.Files = files;
            data.Labels = labels;
            data.ReadFcn = readFcn;
        end

        function other = copy(data)
            other = matlab.io.datastore.ImageDatastore(data.Files, data.Labels, data.ReadFcn);
        end

    end
end
