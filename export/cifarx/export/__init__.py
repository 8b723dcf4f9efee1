"""From a PyTorch module or an ONNX file, through `LayerGraph`, to model.onnx and model.mat.

Only `torch_reader` and `reference` import torch.
"""
