"""A PyTorch module -> `LayerGraph`, and its answers to the test batch."""
