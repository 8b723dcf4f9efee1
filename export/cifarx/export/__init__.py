"""From a PyTorch module or an ONNX file, through `LayerGraph`, to model.onnx and model.mat.

torch is imported by `from_torch` and by `network.compute`, which computes the truth; other modules
import these only where they need them.
"""
