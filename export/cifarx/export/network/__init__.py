"""What every reader makes and every writer reads: layers, graphs, names and axis orders."""
