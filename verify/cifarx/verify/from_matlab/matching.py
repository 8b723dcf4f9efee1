"""Match the layers of two networks without relying on their names.

A network that went through MATLAB may have changed form: dropout and flatten layers may be gone, a
linear layer may be a convolution as large as its maps, and the normalisation of the input and a
softmax of the output may be layers. Layers that compute something must be the same, from the output
to the input. The others are left out of both networks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Array, Hyper, Layer, Shape
from cifarx.verify.ladder.weights.pairing import aligned

_COMMUTATIVE = ("AdditionLayer", "MultiplicationLayer")


@dataclass(frozen=True)
class Scaling:
    """What a network first does to its input: `scale * x + offset`."""

    layers: tuple[str, ...]
    """Names of the ScalingLayers that do it; the last one reads the input."""
    scale: NDArray[np.float64]
    """One number (1,), one per channel (C,), or one per element (C, H, W); `offset` likewise."""
    offset: NDArray[np.float64]


@dataclass(frozen=True)
class Match:
    """The result of matching two networks."""

    pairs: tuple[tuple[Layer, Layer], ...]
    """(found, wanted) layers, inputs first. The Weights of a linear layer are (out, in), also if
    it is a convolution in the file."""
    differences: tuple[str, ...]
    """How the found network differs from the wanted one; each entry names the layer."""
    normalization: Scaling | None
    """The normalisation in the found network, if it has one."""


def match(found: LayerGraph, wanted: LayerGraph, *, dropout: bool) -> Match:
    """Match two networks; of arrays, only the shapes are compared.

    Args:
        found: the network of a file.
        wanted: the network that it should be.
        dropout: whether dropout layers must match; if not, they are left out of both.
    """
    left, right = (_Plain.of(graph, dropout) for graph in (found, wanted))
    if left.input_size != right.input_size:
        sizes = f"{_size(left.input_size)}, not {_size(right.input_size)}"
        return Match((), (f"its images (channels, height, width) are {sizes}",), None)
    walk = _Walk(left.without_softmax(right), right)
    differences: list[str] = []
    if walk.follow(walk.left.output, right.output) and walk.complete():
        pairs = walk.in_order()
    else:
        pairs, differences = _aligned(walk.left, right)
        differences = differences or [walk.fault or "its layers are connected differently"]
    for pair in pairs:
        differences += _differences(*pair)
    return Match(tuple(pairs), (*differences, *_misplaced(pairs)), walk.normalization)


@dataclass(frozen=True)
class _Plain:
    """A network without layers that compute nothing at inference."""

    input_name: str
    input_size: Shape
    layers: Mapping[str, Layer]
    output: str

    @classmethod
    def of(cls, graph: LayerGraph, dropout: bool) -> _Plain:
        idle = ("FlattenLayer",) if dropout else ("FlattenLayer", "DropoutLayer")
        (given,), (output,) = graph.inputs, graph.outputs
        stands_for = {given.name: given.name}
        layers = {}
        shapes = graph.shapes()
        for layer in graph.layers:
            inputs = tuple(stands_for[name] for name in layer.inputs)
            if layer.kind in idle:
                stands_for[layer.name] = inputs[0]
                continue
            stands_for[layer.name] = layer.name
            linear = _as_linear(layer, shapes[layer.inputs[0]])
            layers[layer.name] = replace(linear, inputs=inputs)
        return cls(given.name, given.shape, layers, stands_for[output.layer])

    def without_softmax(self, other: _Plain) -> _Plain:
        """Return the network without its final softmax, if the other network has none."""
        last, wanted = self.layers.get(self.output), other.layers.get(other.output)
        if (
            last is None
            or wanted is None
            or last.kind != "SoftmaxLayer"
            or wanted.kind == last.kind
        ):
            return self
        layers = {name: layer for name, layer in self.layers.items() if layer is not last}
        return replace(self, layers=layers, output=last.inputs[0])

    def signature(self, name: str, known: dict[str, int]) -> int:
        """Return a hash of what a layer computes, without the values of its weights."""
        if name not in self.layers:
            return 0
        if name not in known:
            layer = self.layers[name]
            given = [self.signature(each, known) for each in layer.inputs]
            given = sorted(given) if layer.kind in _COMMUTATIVE else given
            known[name] = hash((layer.kind, _shapes(layer), _options(layer), *given))
        return known[name]


def _as_linear(layer: Layer, given: Shape) -> Layer:
    """Turn a convolution as large as its maps into the equal linear layer."""
    if layer.kind != "Convolution2DLayer":
        return layer
    weights = layer.arrays["Weights"]
    if weights.value.shape[1:] != given or any(np.ravel(layer.hyper["Padding"])):
        return layer
    flat = Array(weights.value.reshape(len(weights.value), -1), weights.source)
    return replace(
        layer, kind="FullyConnectedLayer", hyper={}, arrays={**layer.arrays, "Weights": flat}
    )


@dataclass
class _Walk:
    """A walk through both networks at once, from the output towards the input."""

    left: _Plain
    right: _Plain
    pairs: dict[str, str] = field(default_factory=dict)
    """Wanted name -> found name."""
    normalization: Scaling | None = None
    plain_input: bool = False
    fault: str = ""
    """The first place where the networks differ."""
    _known: tuple[dict[str, int], dict[str, int]] = field(default_factory=lambda: ({}, {}))

    def follow(self, found: str, wanted: str) -> bool:
        """Return whether everything that these two layers depend on corresponds."""
        waiting = [(found, wanted)]
        while waiting:
            found, wanted = waiting.pop()
            f, w = self.left.layers.get(found), self.right.layers.get(wanted)
            if w is None:
                if not self._reaches_input(f):
                    return self._parted(f"{found} is in the place of the input")
            elif wanted in self.pairs:
                if self.pairs[wanted] != found:
                    return self._parted(f"{found} is read in the place of {wanted}")
            elif f is None or f.kind != w.kind or len(f.inputs) != len(w.inputs):
                return self._parted(f"{found} is in the place of {wanted}")
            else:
                self.pairs[wanted] = found
                waiting += zip(self._inputs_like(f, w), w.inputs, strict=True)
        return True

    def complete(self) -> bool:
        """Return whether every layer of both networks has been visited."""
        seen = len(self.pairs) + (len(self.normalization.layers) if self.normalization else 0)
        return len(self.pairs) == len(self.right.layers) and seen == len(self.left.layers)

    def in_order(self) -> list[tuple[Layer, Layer]]:
        """Return the pairs in the order of the wanted network."""
        return [(self.left.layers[self.pairs[name]], w) for name, w in self.right.layers.items()]

    def _inputs_like(self, f: Layer, w: Layer) -> tuple[str, ...]:
        if f.kind in _COMMUTATIVE:
            theirs = [self.left.signature(name, self._known[0]) for name in f.inputs]
            ours = [self.right.signature(name, self._known[1]) for name in w.inputs]
            if theirs != ours and theirs[::-1] == ours:
                return f.inputs[::-1]
        return f.inputs

    def _reaches_input(self, f: Layer | None) -> bool:
        """Return whether a layer of the file is its input, or its normalised input."""
        names, scale, offset = [], np.ones(1), np.zeros(1)
        while f is not None:
            if f.kind != "ScalingLayer":
                return False
            own, shift = (f.arrays[key].value.astype(np.float64) for key in ("Scale", "Offset"))
            if {own.ndim, shift.ndim, scale.ndim, offset.ndim} == {1, 3}:
                own, shift, scale, offset = map(_by_element, (own, shift, scale, offset))
            scale, offset = scale * own, scale * shift + offset
            names.append(f.name)
            f = self.left.layers.get(f.inputs[0])
        if names:
            self.normalization = Scaling(tuple(names), scale, offset)
        else:
            self.plain_input = True
        return not (self.plain_input and self.normalization)

    def _parted(self, fault: str) -> bool:
        self.fault = f"its layers are connected differently: {fault} of the run"
        return False


def _by_element(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values if values.ndim == 3 else values[:, None, None]


def _aligned(left: _Plain, right: _Plain) -> tuple[list[tuple[Layer, Layer]], list[str]]:
    """Pair layers by kind and order, and list those that are missing or extra."""
    pairs: list[tuple[Layer, Layer]] = []
    differences = []
    for f, w in aligned(list(left.layers.values()), list(right.layers.values())):
        if f and w and f.kind == w.kind:
            pairs.append((f, w))
            continue
        differences += [f"{w.name} ({_described(w)}) is missing"] if w else []
        differences += [f"{f.name} ({_described(f)}) is not in the run"] if f else []
    return pairs, differences


def _differences(f: Layer, w: Layer) -> Iterator[str]:
    """Yield how a layer differs from the wanted one."""
    for key, array in w.arrays.items():
        shape = f.arrays[key].value.shape
        if shape != array.value.shape:
            yield f"{w.name}.{key} is {_size(shape)}, not {_size(array.value.shape)}"
    for key, option in w.hyper.items():
        if _rounded(f.hyper[key]) != _rounded(option):
            yield f"{w.name} has {key} {_option(f.hyper[key])}, not {_option(option)}"


def _misplaced(pairs: Sequence[tuple[Layer, Layer]]) -> Iterator[str]:
    """Yield layers and tensors that have the name of another one with weights."""
    names = {w.name.lower(): w.name for _, w in pairs if w.arrays}
    sources = {a.source for _, w in pairs for a in w.arrays.values() if a.source}
    for f, w in pairs:
        if w.arrays and names.get(f.name.lower(), w.name) != w.name:
            yield f"{f.name} is in the place of {w.name} of the run"
        for key, array in w.arrays.items():
            source = f.arrays[key].source
            if source in sources and source != array.source:
                yield f"{w.name}.{key} is {source}, not {array.source or 'added by cifarx'}"


def _rounded(option: Hyper) -> object:
    """Round a number to float32, as in ONNX files."""
    return float(np.float32(option)) if isinstance(option, int | float) else option


def _shapes(layer: Layer) -> tuple[Shape, ...]:
    return tuple(array.value.shape for array in layer.arrays.values())


def _options(layer: Layer) -> tuple[object, ...]:
    return tuple(_rounded(option) for option in layer.hyper.values())


def _described(layer: Layer) -> str:
    sizes = [f"{key} {_size(array.value.shape)}" for key, array in layer.arrays.items()]
    return ", ".join([layer.kind, *sizes[:1]])


def _option(option: Hyper) -> str:
    return f"{option:g}" if isinstance(option, int | float) else str(option)


def _size(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
