"""`TestBatch`: inputs with PyTorch's answers, by which every other runtime is judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TestBatch:
    """Inputs with PyTorch's answers, by which every other runtime is judged."""

    __test__ = False  # pytest must not take it for a class of tests

    images: NDArray[np.uint8]
    """(N, C, H, W), the pixels of the network's image; empty if the normalisation is unknown."""
    inputs: tuple[NDArray[np.float32], ...]
    """(N, ...) per input, in the shape of the source; an image normalised."""
    labels: NDArray[np.int64]
    """(N,) classes from 0, or (N, H, W) of pixels, -1 where there is none; empty if unknown."""
    outputs: tuple[NDArray[np.float32], ...]
    """(N, ...) per output, by PyTorch in float32; by the file's writer if `references` is empty."""
    references: tuple[NDArray[np.float64], ...]
    """(N, ...) per output, by PyTorch with the same weights in float64; empty if PyTorch has not
    run them."""

    @property
    def count(self) -> int:
        """N."""
        return len(self.inputs[0])

    @property
    def logits(self) -> NDArray[np.float32]:
        """(N, K), the only output of a network, flattened."""
        (values,) = self.outputs
        return values.reshape(len(values), -1)

    @property
    def reference(self) -> NDArray[np.float64]:
        """(N, K), its reference, flattened; (0, K) where PyTorch has not run it."""
        if not self.references:
            return np.empty((0, self.logits.shape[1]))
        (values,) = self.references
        return values.reshape(len(values), -1)
