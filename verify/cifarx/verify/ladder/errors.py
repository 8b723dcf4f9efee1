"""Compare arrays in float64, part by part."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.verify.ladder.truth_of_output import parts


@dataclass(frozen=True)
class Errors:
    """How far the numbers of one output are from the truth."""

    rms: float
    largest: float
    at: tuple[int, ...]
    """Index of the largest."""
    peak: float
    """Largest absolute number of the reference."""
    cosine: float


def errors_of(values: NDArray[Any], reference: NDArray[np.float64]) -> Errors:
    """Compare (N, ...) with the truth, both finite and of the same size."""
    squares = dot = of_values = of_reference = peak = 0.0
    largest, at = -1.0, (0,) * reference.ndim
    for part in parts(reference):
        found, wanted = values[part].astype(np.float64), reference[part]
        error = np.abs(found - wanted)
        worst = np.unravel_index(np.argmax(error), error.shape)
        if error[worst] > largest:
            largest = float(error[worst])
            at = (part.start + int(worst[0]), *map(int, worst[1:]))
        squares += float(np.square(error).sum())
        dot += float(np.vdot(found, wanted))
        of_values += float(np.vdot(found, found))
        of_reference += float(np.vdot(wanted, wanted))
        peak = max(peak, float(np.abs(wanted).max()))
    norms = math.sqrt(of_values) * math.sqrt(of_reference)
    root = math.sqrt(squares / reference.size)
    return Errors(root, largest, at, peak, dot / norms if norms else 0.0)


def rms_of_difference(values: NDArray[Any], reference: NDArray[np.float64]) -> float:
    """Root mean square of the difference of two arrays (N, ...); 0 if they are empty."""
    squares = sum(
        float(np.square(values[part].astype(np.float64) - reference[part]).sum())
        for part in parts(reference)
    )
    return math.sqrt(squares / reference.size) if reference.size else 0.0


def apart(some: Sequence[NDArray[Any]], others: Sequence[NDArray[Any]]) -> tuple[float, ...]:
    """Return the largest difference per output; infinite where two cannot be compared."""
    if len(some) != len(others):
        return (math.inf,) * max(1, len(others))
    return tuple(max(_differences(x, y)) for x, y in zip(some, others, strict=True))


def _differences(some: NDArray[Any], others: NDArray[Any]) -> Iterator[float]:
    if some.shape != others.shape or not np.isfinite(some).all():
        yield math.inf
        return
    for part in parts(some):
        yield float(np.abs(some[part].astype(np.float64) - others[part]).max())
