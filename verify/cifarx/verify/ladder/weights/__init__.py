"""Rung 0: compare layers and weights, bit for bit."""
