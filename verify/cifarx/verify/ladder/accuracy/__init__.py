"""Rung 6: score the runtimes on the data set."""
