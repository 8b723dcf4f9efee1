function testDlnetworkHasBuiltInLayersOnly()
%TESTDLNETWORKHASBUILTINLAYERSONLY  Classes and names are those of the file.
files = buildable();
for i = 1:numel(files)
    net = cifarx.load(files{i});
    dlnet = cifarx.dlnetwork(files{i});
    assert(dlnet.Initialized);
    for k = 1:numel(dlnet.Layers)
        name = dlnet.Layers(k).Name;
        assert(ismember(name, [{net.layers.Name}, {net.inputs.Name}]));
        expected = cifarx.internal.build.classOf(name, net);
        assert(strcmp(class(dlnet.Layers(k)), expected), name);
    end
    left = setdiff({net.layers.Name}, {dlnet.Layers.Name});
    kinds = {net.layers(ismember({net.layers.Name}, left)).Kind};
    assert(all(strcmp(kinds, 'FlattenLayer')));
end
end
