"""Read a PyTorch module as a `LayerGraph`, and compute its answers to the test batch."""
