"""Rung 1: the input contract."""
