"""`LayerGraph` and test batch <-> model.mat."""
