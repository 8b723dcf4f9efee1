"""`LayerGraph` -> a plain PyTorch module."""
