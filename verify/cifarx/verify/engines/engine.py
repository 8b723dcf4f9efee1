"""The interface of all runtimes."""

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
"""Called with a mini-batch of inputs and its layer outputs; must keep neither."""

_INPUTS = 2**21
"""Most input values per mini-batch: 13 images of 3 x 224 x 224."""
_ACTIVATIONS = 2**26
"""Most values of inputs and layer outputs per mini-batch, 256 MB in float32."""


def batch_size(most: int, inputs: NDArray[np.float32]) -> int:
    """Return the images per mini-batch: at most `most`, fewer if they are large.

    >>> batch_size(64, np.zeros((100, 3, 32, 32), np.float32))
    64
    """
    return max(1, min(most, _INPUTS // max(1, math.prod(inputs.shape[1:]))))


def layer_batch_size(most: int, graph: LayerGraph) -> int:
    """Return the images per mini-batch if every layer's output is kept."""
    activations = sum(math.prod(shape) for shape in graph.shapes().values())
    return max(1, min(most, _ACTIVATIONS // activations))


@dataclass(frozen=True)
class Outputs:
    """The outputs of a runtime."""

    runtime: str
    """Name and version, such as 'onnxruntime 1.31.1'."""
    logits: NDArray[np.float32]
    """(N, K) float32, for the given inputs."""
    normalized: NDArray[np.float32] | None
    """(N, C, H, W) float32 if the runtime normalises images itself, else None."""


class Engine(Protocol):
    """A runtime with the network loaded."""

    @property
    def holds(self) -> Literal["run", "onnx", "mat"]:
        """The network that it runs: the module of the run, model.onnx or model.mat."""

    @property
    def fast(self) -> bool:
        """Whether it may use fast convolution algorithms such as Winograd's."""

    @property
    def library(self) -> Literal["pytorch", "onnxruntime", "toolbox"]:
        """The library whose functions compute the layer outputs."""

    def run(self, images: NDArray[np.uint8], inputs: NDArray[np.float32]) -> Outputs:
        """Run the network.

        Args:
            images: (N, C, H, W) uint8 pixels; N is 0 if their normalisation is unknown.
            inputs: (N, C, H, W) float32, the same images normalised.

        Raises:
            EngineError: the runtime failed.
        """

    def layers(
        self, graph: LayerGraph, inputs: NDArray[np.float32], take: Take
    ) -> NDArray[np.float32]:
        """Run the network in mini-batches and return every layer's output through `take`.

        Args:
            graph: the network that the engine holds.
            inputs: (N, C, H, W) float32.
            take: called with each mini-batch and its layer outputs by the names in `graph`.

        Returns:
            (N, K) float32, the logits of this run. They may differ from those of `run`, because
            a runtime that returns all outputs may fuse fewer layers.

        Raises:
            EngineError: the runtime failed.
        """
