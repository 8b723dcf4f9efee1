"""Rung 3: hold every layer to its rounding bound."""
