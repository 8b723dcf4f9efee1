function testDlnetworkHasBuiltInLayersOnly()
%TESTDLNETWORKHASBUILTINLAYERSONLY  Classes and names are those of the file.
files = buildable();
for i = 1:numel(files)
    net = cifarx.load(files{i});
    dlnet = cifarx.dlnetwork(files{i});
    assert(dlnet.Initialized);
    for k = 1:numel(dlnet.Layers)
        name = dlnet.Layers(k).Name;
        at = strcmp(name, {net.layers.Name});
        kind = 'ImageInputLayer';
        if any(at)
            kind = net.layers(at).Kind;
        else
            assert(strcmp(name, net.input.Name));
        end
        assert(strcmp(class(dlnet.Layers(k)), cifarx.internal.build.classOf(kind)), name);
    end
    left = setdiff({net.layers.Name}, {dlnet.Layers.Name});
    kinds = {net.layers(ismember({net.layers.Name}, left)).Kind};
    assert(all(strcmp(kinds, 'FlattenLayer')));
end
end
