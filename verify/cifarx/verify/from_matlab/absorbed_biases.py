"""Move biases that were tuned in MATLAB but do not exist in PyTorch into the next batch norm.

In PyTorch, a convolution before a batch norm often has no bias, because the norm has an offset. In
MATLAB, every convolution has a bias, and training changes it. With a bias b the norm computes
x + b - mean, so subtracting b from the mean gives the same network without the bias.
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
    """Move biases that PyTorch's layers do not have into the batch norm that follows.

    Args:
        pairs: (found, wanted) layers; the inputs of a found layer name other found layers.

    Returns:
        The pairs with these biases reset to the exported ones and subtracted from the means, in
        float32; and the names of the wanted layers for which that was done.
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
