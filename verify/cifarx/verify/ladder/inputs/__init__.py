"""Rung 1: check the input contract."""
