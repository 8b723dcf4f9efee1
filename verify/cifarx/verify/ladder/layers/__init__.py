"""Rung 3: every layer within its rounding bound."""
