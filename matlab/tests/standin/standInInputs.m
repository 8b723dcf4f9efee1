function positions = standInInputs(layers)
%STANDININPUTS  Positions of the input layers, in the order in which predict takes its arrays.
kinds = {'nnet.cnn.layer.ImageInputLayer', 'nnet.cnn.layer.FeatureInputLayer'};
positions = find(ismember({layers.StandInClass}, kinds));
positions = positions(:).';
end
