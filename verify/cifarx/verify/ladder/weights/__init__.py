"""Rung 0: layers and weights, bit for bit."""
