"""Networks, recipes, data and training: everything that happens before an export.

Only the modules that compute with tensors import torch at their top (tests/test_house.py lists
them), so that `cifarx --help` and the lists start quickly.
"""
