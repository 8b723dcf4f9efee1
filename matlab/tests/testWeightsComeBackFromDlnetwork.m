function testWeightsComeBackFromDlnetwork()
%TESTWEIGHTSCOMEBACKFROMDLNETWORK  Weights come back bit for bit, and trained ones changed.
files = buildable();
for i = 1:numel(files)
    net = cifarx.load(files{i});
    dlnet = cifarx.dlnetwork(net);
    back = cifarx.internal.build.fromDlnetwork(dlnet, net);
    assert(isequal(back.layers, net.layers));
    for k = 1:numel(dlnet.Learnables.Value)
        dlnet.Learnables.Value{k} = dlarray(2 * extractdata(dlnet.Learnables.Value{k}));
    end
    back = cifarx.internal.build.fromDlnetwork(dlnet, net);
    for k = 1:numel(net.layers)
        assert(isequal(back.layers(k).Weights, 2 * net.layers(k).Weights));
        assert(isequal(back.layers(k).TrainedMean, net.layers(k).TrainedMean));
    end
end
end
