function deepNetworkDesigner(net)
%DEEPNETWORKDESIGNER  Stand-in: says what the app would show; old releases take layer graphs only.
% https://www.mathworks.com/help/releases/R2021a/deeplearning/ref/nnet.cnn.layergraph.html
% https://www.mathworks.com/help/deeplearning/ref/deepnetworkdesigner-app.html
if isfield(net, 'Initialized') && ~standInSince('R2024a')
    error('standin:designer', 'The app takes layer graphs.');
end
kinds = {'layer graph', 'initialized dlnetwork'};
printf('Deep Network Designer: %s of %d layers\n', kinds{1 + isfield(net, 'Initialized')}, ...
       numel(net.Layers));
end
