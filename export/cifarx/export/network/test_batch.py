"""`TestBatch`: images with PyTorch's answers, by which every other runtime is judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TestBatch:
    """Images with the answers PyTorch gives, by which every other runtime is judged."""

    __test__ = False  # no test class, whatever pytest makes of the name

    images: NDArray[np.uint8]
    """(N, C, H, W); empty where nobody knows how pixels are normalised."""
    inputs: NDArray[np.float32]
    """(N, C, H, W), the images normalised."""
    labels: NDArray[np.int64]
    """(N,), from 0; empty where nobody knows them."""
    logits: NDArray[np.float32]
    """(N, K), by PyTorch in float32; where `reference` is empty, by the runtime that wrote it."""
    reference: NDArray[np.float64]
    """(N, K), by PyTorch with the same weights in float64; empty where it has not run them."""
