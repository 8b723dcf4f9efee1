function testExamples()
%TESTEXAMPLES  The scripts of the toolbox run in a folder with a model.mat.
files = fixtures();
toolbox = fullfile(fileparts(fileparts(mfilename('fullpath'))), 'toolbox');
before = addpath(fullfile(toolbox, 'examples'), fullfile(toolbox, 'doc'));
folder = tempname();
mkdir(folder);
back = cd(folder);
restore = onCleanup(@() leave(before, back, folder));
copyfile(files{5}, 'model.mat');
text = ran('loadAndClassify');
assert(~isempty(strfind(text, 'image 4 is a class_'))); %#ok<STREMP>
percents = str2double(regexp(text, '(\d+)(?=%)', 'match'));
assert(numel(percents) == 4 && all(percents >= 20 & percents <= 100));  % the best of 5 classes
text = ran('verifyNetwork');
assert(~isempty(strfind(text, 'EQUIVALENT'))); %#ok<STREMP>
others = {'segmentation', 'segmentImages', '% of the pixels'; ...
          'regression', 'applyToVectors', 'largest difference from PyTorch'};
for i = 1:size(others, 1)
    found = fixtures(others{i, 1});
    copyfile(found{1}, 'model.mat');
    text = ran(others{i, 2});
    assert(~isempty(strfind(text, others{i, 3})), text); %#ok<STREMP>
end
copyfile(files{5}, 'model.mat');
if exist('dlnetwork') %#ok<EXIST> a class or a function
    text = ran('GettingStarted');
    assert(~isempty(strfind(text, 'EQUIVALENT'))); %#ok<STREMP>
    net = cifarx.load('model.mat');
    net.test.labels = 1 + mod(1:size(net.test.images, 4), numel(net.classes));
    cifarx.save(net, 'model.mat');
    ran('fineTuneAndReturn');
    tuned = cifarx.load('tuned.mat');
    assert(isequal({tuned.layers.Name}, {net.layers.Name}));
end
end

function text = ran(script) %#ok<STOUT> evalc returns it
%RAN  The output of a script.
text = evalc(script);
end

function leave(before, back, folder)
%LEAVE  Restore folder and path, and delete the temporary folder.
cd(back);
path(before);
delete(fullfile(folder, '*'));
rmdir(folder);
end
