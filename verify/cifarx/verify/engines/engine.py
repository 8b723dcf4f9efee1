"""The interface of all runtimes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from cifarx.export.network.graph import LayerGraph

Activations = Mapping[str, NDArray[np.float32]]
"""Outputs of layers by name, (N, C, H, W) or (N, F)."""
Inputs = Sequence[NDArray[np.float32]]
"""One array (N, ...) per input of the network, in its order and in the shapes of its source."""
Take = Callable[[Inputs, Activations], None]
"""Called with a mini-batch of inputs and its layer outputs; must keep neither."""

_INPUTS = 2**21
"""Most input values per mini-batch: 13 images of 3 x 224 x 224."""
_ACTIVATIONS = 2**26
"""Most values of inputs and layer outputs per mini-batch, 256 MB in float32."""


def batch_size(most: int, inputs: Inputs) -> int:
    """Return the images per mini-batch: at most `most`, fewer if they are large.

    >>> batch_size(64, [np.zeros((100, 3, 32, 32), np.float32)])
    64
    """
    numbers = sum(math.prod(x.shape[1:]) for x in inputs)
    return max(1, min(most, _INPUTS // max(1, numbers)))


def mini_batches(inputs: Inputs, size: int) -> Iterator[Inputs]:
    """Yield all inputs in mini-batches of at most `size`."""
    for start in range(0, len(inputs[0]), size):
        yield [x[start : start + size] for x in inputs]


def layer_batch_size(most: int, graph: LayerGraph) -> int:
    """Return the images per mini-batch if every layer's output is kept."""
    activations = sum(math.prod(shape) for shape in graph.shapes().values())
    return max(1, min(most, _ACTIVATIONS // activations))


@dataclass(frozen=True)
class Outputs:
    """The outputs of a runtime."""

    runtime: str
    """Name and version, such as 'onnxruntime 1.31.1'."""
    values: tuple[NDArray[np.float32], ...]
    """(N, ...) float32 per output, for the given inputs."""
    normalized: NDArray[np.float32] | None
    """(N, C, H, W) float32 if the runtime normalises images itself, else None."""

    @property
    def logits(self) -> NDArray[np.float32]:
        """The only output of a classifier, (N, K)."""
        (values,) = self.values
        return values


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

    def run(self, images: NDArray[np.uint8], inputs: Inputs) -> Outputs:
        """Run the network.

        Args:
            images: (N, C, H, W) uint8 pixels of the network's image; N is 0 if their normalisation
                is unknown.
            inputs: (N, ...) float32 per input, an image normalised.

        Raises:
            EngineError: the runtime failed.
        """

    def layers(
        self, graph: LayerGraph, inputs: Inputs, take: Take
    ) -> tuple[NDArray[np.float32], ...]:
        """Run the network in mini-batches and return every layer's output through `take`.

        Args:
            graph: the network that the engine holds.
            inputs: (N, ...) float32 per input.
            take: called with each mini-batch and its layer outputs by the names in `graph`.

        Returns:
            (N, ...) float32 per output, of this run. They may differ from those of `run`, because
            a runtime that returns all outputs may fuse fewer layers.

        Raises:
            EngineError: the runtime failed.
        """
