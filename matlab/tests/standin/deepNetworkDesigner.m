function deepNetworkDesigner(net)
%DEEPNETWORKDESIGNER  Stand-in: says what the app would show.
% https://www.mathworks.com/help/deeplearning/ref/deepnetworkdesigner-app.html
kinds = {'layer graph', 'initialised dlnetwork'};
printf('Deep Network Designer: %s of %d layers\n', kinds{1 + isfield(net, 'Initialized')}, ...
       numel(net.Layers));
end
