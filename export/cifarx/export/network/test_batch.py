"""`TestBatch`: images with PyTorch's answers, by which every other runtime is judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TestBatch:
    """Images with PyTorch's answers, by which every other runtime is judged."""

    __test__ = False  # pytest must not take it for a class of tests

    images: NDArray[np.uint8]
    """(N, C, H, W); empty if the normalisation is unknown."""
    inputs: NDArray[np.float32]
    """(N, C, H, W), the normalised images."""
    labels: NDArray[np.int64]
    """(N,), from 0; empty if unknown."""
    logits: NDArray[np.float32]
    """(N, K), by PyTorch in float32; if `reference` is empty, by the file's writer."""
    reference: NDArray[np.float64]
    """(N, K), by PyTorch with the same weights in float64; empty if PyTorch has not run them."""
