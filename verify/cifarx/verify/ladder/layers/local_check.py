"""Rung 3: compare every layer of a runtime with float64, on the input that it had there.

Errors do not accumulate from layer to layer, so a layer that exceeds its bound is itself at fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isnan

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Layer
from cifarx.verify.ladder.layers.approximation import approximation_bound
from cifarx.verify.ladder.layers.bounds import EXACT, prepare_truth
from cifarx.verify.ladder.layers.truth_of_sums import fast_convolution_bound

Activations = Mapping[str, NDArray[np.float32]]

_AT_ONCE = 2**21
"""Most numbers in an activation of a mini-batch: 16 MB in float64."""


@dataclass(frozen=True)
class LayerRatio:
    """The error of a layer, relative to its bound."""

    name: str
    kind: str
    ratio: float
    """Largest error over its bound; inf for NaN, or for a wrong shape or type."""
    algorithm: str
    """'direct'; or 'winograd' (fast convolutions) or 'approximation' if the layer exceeds its
    direct bound, but not the wider one that the runtime may need; `ratio` is then to that one."""

    @property
    def passed(self) -> bool:
        return self.ratio <= 1.0


class LocalCheck:
    """Judges a runtime's activations mini-batch by mini-batch, and keeps none of them."""

    def __init__(self, graph: LayerGraph, *, fast: bool = False, library: str = "") -> None:
        """Prepare the check of a runtime.

        Args:
            graph: the network that its layers are compared with.
            fast: whether it may use Winograd convolutions.
            library: the one whose functions compute activations; see `approximation_bound`.
        """
        self._graph = graph
        self._fast = fast
        self._library = library
        self._shapes = graph.shapes()
        largest = max(int(np.prod(shape)) for shape in self._shapes.values())
        self._step = max(1, _AT_ONCE // largest)
        self._truths = {layer.name: prepare_truth(layer) for layer in graph.layers}
        self._direct: dict[str, float] = {}
        """By layer, the largest ratio to its direct bound."""
        self._to_wider: dict[str, float] = {}
        """By layer, the largest ratio to the wider bound, where the direct one was exceeded."""
        self._missing: set[str] = set()
        """Layers that were missing in a mini-batch."""

    @torch.no_grad()
    def add(self, inputs: Sequence[NDArray[np.float32]], activations: Activations) -> None:
        """Judge every layer whose output and inputs are given.

        Args:
            inputs: (N, ...) float32 per input of the network, as its source takes them.
            activations: outputs of layers by name, (N, C', H', W') or (N, F).

        Raises:
            ValueError: `inputs` do not fit the network.
        """
        taken = self._graph.inputs
        sizes = [x.shape[1:] for x in inputs]
        if sizes != [one.shape for one in taken] or any(x.dtype != np.float32 for x in inputs):
            raise ValueError(
                f"the inputs are {', '.join(f'{x.dtype} {x.shape}' for x in inputs)}, the network "
                f"takes float32 {', '.join(f'(N, *{one.shape})' for one in taken)}"
            )
        count = len(inputs[0])
        if count == 0:
            return
        carried = {
            one.name: x.reshape(count, *one.carried) for one, x in zip(taken, inputs, strict=True)
        }
        values = {**activations, **carried}
        usable = {name: array for name, array in values.items() if self._fits(name, array, count)}
        held: dict[str, Tensor] = {}  # usually the next layer's input
        for layer in self._graph.layers:
            if layer.name not in values or any(name not in usable for name in layer.inputs):
                self._missing.add(layer.name)
            elif layer.name not in usable:
                self._note(layer, inf, inf)
            else:
                read = [held[x] if x in held else _tensor(usable[x]) for x in layer.inputs]
                held = {layer.name: _tensor(usable[layer.name])}
                self._judge(layer, read, held[layer.name])

    def ratios(self) -> tuple[LayerRatio, ...]:
        """Return those of the layers compared on all images, in the order of the graph."""
        return tuple(
            self._ratio(layer) for layer in self._graph.layers if layer.name in self._compared()
        )

    def not_compared(self) -> tuple[str, ...]:
        """Return the names of the other layers, in the order of the graph; they have not passed."""
        compared = self._compared()
        return tuple(layer.name for layer in self._graph.layers if layer.name not in compared)

    def _compared(self) -> set[str]:
        return set(self._direct) - self._missing

    def _fits(self, name: str, array: NDArray[np.float32], count: int) -> bool:
        right = array.dtype == np.float32 and name in self._shapes
        return right and array.shape == (count, *self._shapes[name])

    def _judge(self, layer: Layer, given: Sequence[Tensor], found: Tensor) -> None:
        parts = (torch.split(x, self._step) for x in (*given, found))
        for *inputs, output in zip(*parts, strict=True):
            truth, bound = self._truths[layer.name](inputs)
            if layer.kind in EXACT and torch.equal(output, truth):
                self._note(layer, 0.0, 0.0)
                continue
            error = truth.sub_(output).abs_().float()
            direct = ratio = worst_ratio(error, bound)
            if direct > 1.0:
                wider = self._wider_bound(layer, inputs[0], output)
                ratio = direct if wider is None else worst_ratio(error, wider)
            self._note(layer, direct, ratio)

    def _wider_bound(self, layer: Layer, x: Tensor, y: Tensor) -> Tensor | None:
        """Return the bound of another algorithm that this runtime may use, or None."""
        if "Convolution" in layer.kind:
            return fast_convolution_bound(layer, x) if self._fast else None
        return approximation_bound(layer, x, y, self._library)

    def _note(self, layer: Layer, direct: float, wider: float) -> None:
        self._direct[layer.name] = max(self._direct.get(layer.name, 0.0), direct)
        self._to_wider[layer.name] = max(self._to_wider.get(layer.name, 0.0), wider)

    def _ratio(self, layer: Layer) -> LayerRatio:
        direct = self._direct[layer.name]
        wider = self._to_wider[layer.name]
        if direct > 1.0 and wider <= 1.0:
            algorithm = "winograd" if "Convolution" in layer.kind else "approximation"
            return LayerRatio(layer.name, layer.kind, wider, algorithm)
        return LayerRatio(layer.name, layer.kind, direct, "direct")


def worst_ratio(error: Tensor, bound: Tensor) -> float:
    """Return the largest absolute error over its bound: 0 / 0 is 0, and NaN is inf."""
    ratios = error / bound
    worst = float(ratios.amax()) if ratios.numel() else 0.0  # amax is five times as fast as max
    if not isnan(worst):
        return worst
    ratios[error == 0.0] = 0.0  # also where the bound is 0
    return float(ratios.nan_to_num_(nan=inf, posinf=inf).amax())


def _tensor(array: NDArray[np.float32]) -> Tensor:
    """Make a tensor; maps are channels-last, in which windows are copied fastest."""
    # PyTorch warns of arrays that are not writable
    values = torch.from_numpy(np.require(array, requirements=["C", "W"]))
    if values.ndim == 4:
        return values.contiguous(memory_format=torch.channels_last)
    return values
