"""From pixels to the network's input, as every runtime must do it.

The formula is MATLAB's 'zscore' input layer, (x - Mean) ./ StandardDeviation in float32 with both
in units of the pixels 0..255: one subtraction and one division, which IEEE 754 rounds alike in
torch, numpy, Octave and MATLAB. torchvision's two steps (x / 255, then normalise) round twice, and
no other runtime would give its bits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def pixel_units(values: Sequence[float], channels: int) -> NDArray[np.float32]:
    """(C,) float32 in units of 0..255 from a recipe's values in 0..1, one value or C of them."""
    return np.broadcast_to(np.float32(255) * np.asarray(values, np.float32), (channels,)).copy()


def preprocess(
    pixels: NDArray[np.uint8], mean: NDArray[np.float32], std: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Normalise (N, C, H, W) uint8 pixels with (C,) mean and std in pixel units, to float32."""
    return (pixels.astype(np.float32) - mean[:, None, None]) / std[:, None, None]
