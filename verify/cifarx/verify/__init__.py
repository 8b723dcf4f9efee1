"""The same images through every runtime, and a verdict with reasons.

Only the PyTorch engine imports torch: model.onnx can be judged against model.mat without it.
"""
