function testWhatPyTorchHasNotIsNotLearnt()
%TESTWHATPYTORCHHASNOTISNOTLEARNT  Arrays that PyTorch does not have get learn rate 0.
files = buildable();
frozen = 0;
for i = 1:numel(files)
    net = cifarx.load(files{i});
    dlnet = cifarx.dlnetwork(net);
    for k = 1:numel(dlnet.Layers)
        at = strcmp(dlnet.Layers(k).Name, {net.layers.Name});
        if ~any(at) || ~isstruct(net.layers(at).Source) || ~isfield(net.layers(at).Source, 'Bias')
            continue
        end
        made = [isempty(net.layers(at).Source.Weights), isempty(net.layers(at).Source.Bias)];
        factors = [dlnet.Layers(k).WeightLearnRateFactor, dlnet.Layers(k).BiasLearnRateFactor];
        assert(isequal(factors, double(~made)), dlnet.Layers(k).Name);
        frozen = frozen + any(made);
    end
end
assert(frozen > 0);  % for example the bias of the space-to-depth convolution of joins
end
