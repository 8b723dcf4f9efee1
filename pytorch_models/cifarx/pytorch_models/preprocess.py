"""Normalise pixels to the network's input, with the same bits in every runtime.

The formula is that of MATLAB's 'zscore' input layer: (x - Mean) ./ StandardDeviation in float32,
both in pixel units, 0..255. IEEE 754 defines the rounding of one subtraction and one division, so
that torch, numpy, Octave and MATLAB give the same bits. The two steps of torchvision (x / 255, then
normalise) round once more and give other bits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def pixel_units(values: Sequence[float], channels: int) -> NDArray[np.float32]:
    """Convert a recipe's values, in units of pixel / 255, to pixel units.

    Args:
        values: one value for all channels, or C values.
        channels: C.

    Returns:
        (C,) float32 in units of 0..255.

    >>> pixel_units([0.5], 3)
    array([127.5, 127.5, 127.5], dtype=float32)
    """
    return np.broadcast_to(np.float32(255) * np.asarray(values, np.float32), (channels,)).copy()


def preprocess(
    pixels: NDArray[np.uint8], mean: NDArray[np.float32], std: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Normalise images.

    Args:
        pixels: (N, C, H, W) uint8.
        mean: (C,) float32 in pixel units.
        std: (C,) float32 in pixel units.

    Returns:
        (N, C, H, W) float32.

    >>> pixels = np.array([[[[0, 255]]]], np.uint8)
    >>> preprocess(pixels, pixel_units([0.5], 1), pixel_units([0.5], 1))
    array([[[[-1.,  1.]]]], dtype=float32)
    """
    return (pixels.astype(np.float32) - mean[:, None, None]) / std[:, None, None]
