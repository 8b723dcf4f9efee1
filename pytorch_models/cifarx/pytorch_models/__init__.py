"""Networks, recipes, data and training: everything that happens before an export.

Importing this package, or any module of it but `train`, `layers` and `checkpoint.load_module`,
does not import torch: `cifarx --help` and a machine that only verifies files must not pay for it.
"""
