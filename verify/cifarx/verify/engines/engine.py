"""What every runtime looks like from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Outputs:
    """What a runtime made of the images."""

    runtime: str
    """Name and version, such as 'onnxruntime 1.31.1'."""
    logits: NDArray[np.float32]
    """(N, K) from the inputs that were given."""
    normalized: NDArray[np.float32] | None
    """(N, C, H, W), where the runtime normalises images itself; else None."""


class Engine(Protocol):
    """A runtime with the network loaded."""

    def run(self, images: NDArray[np.uint8], inputs: NDArray[np.float32]) -> Outputs:
        """Run the network.

        Args:
            images: (N, C, H, W) uint8 pixels; none where nobody knows how they are normalised.
            inputs: (N, C, H, W) float32, the same normalised.

        Raises:
            EngineError: it could not.
        """


class EngineError(Exception):
    """A runtime that rejected its file or broke down; the text says how."""


class EngineMissingError(EngineError):
    """A runtime that is not installed, or has no file to run; the text says which."""
