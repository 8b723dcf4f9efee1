"""Biases that MATLAB tuned and PyTorch does not have, taken into the batch norm behind them.

A convolution before a batch norm often has no bias in PyTorch, for the norm has an offset; every
convolution in MATLAB has one, which training changes. With a bias b the norm sees x + b - mean, so
that the mean less b, in the norm, is the same network without the bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cifarx.export.network.layer import Array, Layer

Pair = tuple[Layer, Layer]
_WITH_BIAS = (
    "Convolution2DLayer",
    "GroupedConvolution2DLayer",
    "TransposedConvolution2DLayer",
    "FullyConnectedLayer",
)


def absorb_biases(pairs: Sequence[Pair]) -> tuple[list[Pair], list[str]]:
    """Take away biases that cifarx made up for PyTorch's layers, where a batch norm is behind.

    Args:
        pairs: (found, wanted) layers, in which each found one names its inputs.

    Returns:
        The pairs with those biases as exported and the means less by them, in float32, and the
        names of the wanted layers for which that was done.
    """
    readers: dict[str, list[int]] = {}
    for i, (f, _) in enumerate(pairs):
        for name in f.inputs:
            readers.setdefault(name, []).append(i)
    new, names = list(pairs), []
    for i, (f, w) in enumerate(pairs):
        behind = readers.get(f.name, [])
        if w.kind not in _WITH_BIAS or w.arrays["Bias"].source or len(behind) != 1:
            continue
        norm, norm_wanted = new[behind[0]]
        change = f.arrays["Bias"].value - w.arrays["Bias"].value
        if norm.kind != "BatchNormalizationLayer" or not change.any():
            continue
        mean = (norm.arrays["TrainedMean"].value - change).astype(np.float32)
        new[i] = (replace(f, arrays={**f.arrays, "Bias": w.arrays["Bias"]}), w)
        arrays = {**norm.arrays, "TrainedMean": Array(mean, norm.arrays["TrainedMean"].source)}
        new[behind[0]] = (replace(norm, arrays=arrays), norm_wanted)
        names.append(w.name)
    return new, names
