"""Rung 6: accuracy on the data set."""
