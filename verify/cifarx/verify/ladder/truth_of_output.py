"""One output in float64 with the error that float32 may make, and how to go through it in parts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

UNIT = 2.0**-24
"""Unit roundoff of float32: half the distance from 1 to the next number."""
_AT_ONCE = 2**22
"""Numbers of a part: 32 MB in float64."""


@dataclass(frozen=True)
class OutputTruth:
    """One output in float64, and the error that float32 may make."""

    name: str
    """In model.onnx."""
    reference: NDArray[np.float64]
    """(N, ...), by PyTorch in float64."""
    yardstick: float
    """RMS error of PyTorch's own float32, at least one rounding; see `make_truth`."""
    roundings: float
    """That error in roundings of the output, u * rms(reference), before the limits."""

    def first(self, count: int) -> OutputTruth:
        """The truth of the first `count` inputs."""
        return replace(self, reference=self.reference[:count])

    def spread(self) -> float:
        """Return the standard deviation over the inputs, or over all numbers if that is 0."""
        flat = self.reference.reshape(len(self.reference), -1)
        step = max(1, _AT_ONCE // max(1, len(flat)))
        starts = range(0, flat.shape[1], step)
        variance = sum(float(flat[:, i : i + step].var(axis=0).sum()) for i in starts)
        if variance > 0:
            return math.sqrt(variance / flat.shape[1])
        mean = float(flat.mean())
        squares = sum(float(np.square(flat[:, i : i + step] - mean).sum()) for i in starts)
        return math.sqrt(squares / max(1, flat.size))


def parts(values: NDArray[Any]) -> Iterator[slice]:
    """Yield slices of (N, ...) along N, of some millions of numbers each.

    >>> list(parts(np.zeros((3, 2**21))))
    [slice(0, 2, None), slice(2, 3, None)]
    """
    step = max(1, _AT_ONCE // max(1, math.prod(values.shape[1:])))
    for start in range(0, len(values), step):
        yield slice(start, min(start + step, len(values)))


def margins(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, K, ...) -> (N, ...) highest minus second highest number; infinite for a single class.

    >>> margins(np.array([[1.0, 4.0, 2.5]]))
    array([1.5])
    """
    if logits.shape[1] < 2:
        return np.full((len(logits), *logits.shape[2:]), np.inf)
    two = np.partition(logits, -2, axis=1)[:, -2:]
    return np.asarray(two[:, 1] - two[:, 0])


def rms(values: NDArray[np.float64]) -> float:
    """Root mean square; 0 for an empty array."""
    if not values.size:
        return 0.0
    squares = sum(float(np.square(values[part]).sum()) for part in parts(values))
    return math.sqrt(squares / values.size)
