"""`cifarx import`: a network from MATLAB becomes a run."""
