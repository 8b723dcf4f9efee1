"""What every runtime looks like from outside."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from cifarx.export.network.graph import LayerGraph

Activations = Mapping[str, NDArray[np.float32]]
"""Outputs of layers by name, (N, C, H, W) or (N, F)."""
Take = Callable[[NDArray[np.float32], Activations], None]
"""Given a mini-batch of inputs and what the layers made of it; keeps neither."""


_INPUTS = 2**21
"""Numbers of a mini-batch's images: 13 of 3 x 224 x 224."""
_ACTIVATIONS = 2**26
"""Numbers of all its activations, 256 MB."""


def batch_size(most: int, inputs: NDArray[np.float32]) -> int:
    """Images at a time, at most so many, fewer where they are large."""
    return max(1, min(most, _INPUTS // max(1, math.prod(inputs.shape[1:]))))


def layer_batch_size(most: int, graph: LayerGraph) -> int:
    """Images at a time where every layer's output is kept."""
    activations = sum(math.prod(shape) for shape in graph.shapes().values())
    return max(1, min(most, _ACTIVATIONS // activations))


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

    @property
    def holds(self) -> Literal["run", "onnx", "mat"]:
        """Whose network it runs: the run's module, model.onnx or model.mat."""

    @property
    def fast(self) -> bool:
        """Whether it may convolve by fast algorithms such as Winograd's."""

    @property
    def library(self) -> Literal["pytorch", "onnxruntime", "toolbox"]:
        """Whose functions compute its activations."""

    def run(self, images: NDArray[np.uint8], inputs: NDArray[np.float32]) -> Outputs:
        """Run the network.

        Args:
            images: (N, C, H, W) uint8 pixels; none where nobody knows how they are normalised.
            inputs: (N, C, H, W) float32, the same normalised.

        Raises:
            EngineError: it could not.
        """

    def layers(
        self, graph: LayerGraph, inputs: NDArray[np.float32], take: Take
    ) -> NDArray[np.float32]:
        """Run the network with every layer's output marked, in mini-batches.

        Args:
            graph: the network that it holds.
            inputs: (N, C, H, W) float32.
            take: called with each mini-batch and its activations by the names of `graph`.

        Returns:
            (N, K), the logits of that run; marks may keep a runtime from fusing layers.

        Raises:
            EngineError: it could not.
        """
