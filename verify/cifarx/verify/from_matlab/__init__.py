"""`cifarx import`: turn a network from MATLAB into a run."""
