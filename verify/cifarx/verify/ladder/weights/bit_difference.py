"""Describe how two arrays differ, bit for bit; -0 and 0 are the same weight."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def difference(found: NDArray[Any], wanted: NDArray[Any]) -> str:
    """Return how an array differs from the original's; '' if they have the same bits.

    >>> difference(np.float32([1, 2, 3]), np.float32([1, 2, 3.5]))
    '1 of 3 values, by up to 0.5'
    >>> difference(np.float32([1, 2]), np.float32([2, 1]))
    '2 of 2 values, by up to 1: the same in another order'
    """
    if found.dtype != wanted.dtype or found.shape != wanted.shape:
        return f"{found.dtype} {found.shape}, not {wanted.dtype} {wanted.shape}"
    a, b = np.ascontiguousarray(found), np.ascontiguousarray(wanted)
    unequal = np.any(_bytes(a) != _bytes(b), axis=1)
    unequal &= ((a != 0) | (b != 0)).reshape(-1)  # NaN is not 0
    if not unequal.any():
        return ""
    with np.errstate(invalid="ignore"):
        largest = np.max(np.abs(a.astype(np.float64) - b.astype(np.float64)))
    moved = np.array_equal(np.sort(a, axis=None), np.sort(b, axis=None))
    order = ": the same in another order" if moved else ""
    return f"{np.count_nonzero(unequal)} of {a.size} values, by up to {largest:.2g}{order}"


def _bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    return array.reshape(-1).view(np.uint8).reshape(array.size, -1)
