"""`LayerGraph`: the framework-neutral network that every reader makes and every writer reads.

One closed vocabulary of layer kinds, named as Deep Learning Toolbox names its layer classes, with
its property names. Arrays keep PyTorch's axis order (and are float32); only `layout` permutes.
Hyper-parameters are MATLAB's: sizes as (height, width), Padding as (top, bottom, left, right).

Shapes are those of one image, the batch axis left out: (C, H, W) for maps, (F,) for features.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, ...]
Hyper = float | tuple[int, ...]


class GraphError(ValueError):
    """A network that the vocabulary cannot express, or that contradicts itself."""


@dataclass(frozen=True)
class Array:
    """A weight, bias or statistic."""

    value: NDArray[np.float32]
    source: str
    """Its name in the checkpoint or the ONNX file it came from; '' if the exporter made it up."""


@dataclass(frozen=True)
class Layer:
    """One layer; its output goes by its name."""

    name: str
    """A MATLAB identifier, unique in the graph without regard to case."""
    kind: str
    """A key of `VOCABULARY`."""
    inputs: tuple[str, ...]
    """Names of layers, or of the graph's input."""
    hyper: Mapping[str, Hyper] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)
    module: str = ""
    """Path of the PyTorch module it came from, such as 'features.conv1'; '' if unknown."""


@dataclass(frozen=True)
class Kind:
    """One row of the vocabulary."""

    inputs: int
    """Number of inputs; additions and multiplications have two, as Add and Mul of ONNX do."""
    hyper: tuple[str, ...]
    arrays: tuple[str, ...]
    shape: Callable[[Layer, list[Shape]], Shape]
    """Shape of the output from the shapes of the inputs; raises `GraphError` if they misfit."""


@dataclass(frozen=True)
class LayerGraph:
    """A classifier: one image in, one vector of logits out."""

    input_name: str
    input_size: tuple[int, int, int]
    """(C, H, W)."""
    layers: tuple[Layer, ...]
    """In an order in which each layer comes after its inputs."""
    output: str

    def __post_init__(self) -> None:
        self.shapes()

    def shapes(self) -> dict[str, Shape]:
        """Shape of the input and of every layer's output by name.

        Raises:
            GraphError: an unknown kind, hyper-parameters or arrays other than the kind's, a
                duplicate or unknown name, shapes that do not fit.
        """
        shapes: dict[str, Shape] = {self.input_name: self.input_size}
        for layer in self.layers:
            if layer.name in shapes:
                raise GraphError(f"two layers are called {layer.name!r}")
            shapes[layer.name] = output_shape(layer, shapes)
        if self.output not in shapes:
            raise GraphError(f"the output {self.output!r} is not a layer")
        return shapes

    def arrays(self) -> dict[tuple[str, str], Array]:
        """Every array by (layer, property), in order."""
        return {(la.name, key): array for la in self.layers for key, array in la.arrays.items()}


def output_shape(layer: Layer, shapes: Mapping[str, Shape]) -> Shape:
    """Check a layer against its row of the vocabulary and give its output's shape."""
    kind = VOCABULARY.get(layer.kind)
    if kind is None:
        raise GraphError(f"layer {layer.name!r} is of unknown kind {layer.kind!r}")
    if tuple(layer.hyper) != kind.hyper or tuple(layer.arrays) != kind.arrays:
        raise GraphError(
            f"layer {layer.name!r} of kind {layer.kind} has {(*layer.hyper, *layer.arrays)}, "
            f"expected {(*kind.hyper, *kind.arrays)}"
        )
    unknown = [name for name in layer.inputs if name not in shapes]
    if unknown:
        raise GraphError(f"layer {layer.name!r} reads {unknown[0]!r}, which is not before it")
    if len(layer.inputs) != kind.inputs:
        raise GraphError(
            f"layer {layer.name!r} of kind {layer.kind} has {len(layer.inputs)} inputs, "
            f"expected {kind.inputs}"
        )
    try:
        return kind.shape(layer, [shapes[name] for name in layer.inputs])
    except GraphError as error:
        raise GraphError(f"layer {layer.name!r} of kind {layer.kind}: {error}") from error


def pair(layer: Layer, key: str) -> tuple[int, int]:
    """A (height, width) hyper-parameter."""
    value = layer.hyper[key]
    if not (isinstance(value, tuple) and len(value) == 2 and min(value) >= 1):
        raise GraphError(f"{key} must be (height, width) of 1 or more, not {value}")
    return value[0], value[1]


def padding(layer: Layer) -> tuple[int, int, int, int]:
    """The (top, bottom, left, right) padding."""
    value = layer.hyper["Padding"]
    if not (isinstance(value, tuple) and len(value) == 4 and min(value) >= 0):
        raise GraphError(f"Padding must be (top, bottom, left, right), not {value}")
    return value[0], value[1], value[2], value[3]


def _maps(shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise GraphError(f"needs maps (C, H, W), not {shape}")
    return shape[0], shape[1], shape[2]


def _slide(layer: Layer, size: Shape, window: tuple[int, int], dilation: tuple[int, int]) -> Shape:
    """Height and width that a sliding window leaves of (H, W)."""
    top, bottom, left, right = padding(layer)
    out = tuple(
        (n + p - d * (k - 1) - 1) // s + 1
        for n, p, k, d, s in zip(
            size, (top + bottom, left + right), window, dilation, pair(layer, "Stride"), strict=True
        )
    )
    if min(out) < 1:
        raise GraphError(f"a window of {window} does not fit maps of {size}")
    return out


def _convolution(layer: Layer, inputs: list[Shape]) -> Shape:
    channels, *size = _maps(inputs[0])
    filters, per_filter, *window = _maps_of_kernels(layer)
    if per_filter != channels:
        raise GraphError(f"has kernels for {per_filter} channels and gets {channels}")
    _expect(layer, "Bias", (filters,))
    kernel = (window[0], window[1])
    return (filters, *_slide(layer, tuple(size), kernel, pair(layer, "DilationFactor")))


def _maps_of_kernels(layer: Layer) -> tuple[int, int, int, int]:
    shape = layer.arrays["Weights"].value.shape
    if len(shape) != 4:
        raise GraphError(f"Weights must be (filters, channels, height, width), not {shape}")
    return shape[0], shape[1], shape[2], shape[3]


def _pooling(layer: Layer, inputs: list[Shape]) -> Shape:
    channels, *size = _maps(inputs[0])
    window = pair(layer, "PoolSize")
    top, bottom, left, right = padding(layer)
    if max(top, bottom) >= window[0] or max(left, right) >= window[1]:
        raise GraphError(f"Padding {(top, bottom, left, right)} must be below PoolSize {window}")
    return (channels, *_slide(layer, tuple(size), window, (1, 1)))


def _normalization(layer: Layer, inputs: list[Shape]) -> Shape:
    for key in layer.arrays:
        _expect(layer, key, inputs[0][:1])
    return inputs[0]


def _fully_connected(layer: Layer, inputs: list[Shape]) -> Shape:
    weights = layer.arrays["Weights"].value
    if len(inputs[0]) != 1 or weights.ndim != 2 or weights.shape[1:] != inputs[0]:
        raise GraphError(f"Weights of {weights.shape} do not fit an input of {inputs[0]}")
    _expect(layer, "Bias", weights.shape[:1])
    return weights.shape[:1]


def _addition(layer: Layer, inputs: list[Shape]) -> Shape:
    if len(set(inputs)) != 1:
        raise GraphError(f"adds inputs of different sizes: {inputs}")
    return inputs[0]


def _multiplication(layer: Layer, inputs: list[Shape]) -> Shape:
    """Sizes match where they are equal or one of them is 1, as in ONNX's Mul and MATLAB's `.*`.

    multiplicationLayer asks for inputs that are "same across all dimensions or same across at least
    one dimension with other dimensions as singleton dimensions"; the batch is such a one.
    https://www.mathworks.com/help/deeplearning/ref/nnet.cnn.layer.multiplicationlayer.html
    """
    # ONNX lines up the last axes, MATLAB the first: they agree only on equally many
    alike = len({len(shape) for shape in inputs}) == 1
    if not alike or any(len({*axis} - {1}) > 1 for axis in zip(*inputs, strict=True)):
        raise GraphError(f"multiplies inputs of sizes that do not match: {inputs}")
    return tuple(max(axis) for axis in zip(*inputs, strict=True))


def _expect(layer: Layer, key: str, shape: Shape) -> None:
    if layer.arrays[key].value.shape != shape:
        raise GraphError(f"{key} is of {layer.arrays[key].value.shape}, expected {shape}")


VOCABULARY: dict[str, Kind] = {
    "Convolution2DLayer": Kind(
        1, ("Stride", "Padding", "DilationFactor"), ("Weights", "Bias"), _convolution
    ),
    "BatchNormalizationLayer": Kind(
        1, ("Epsilon",), ("Scale", "Offset", "TrainedMean", "TrainedVariance"), _normalization
    ),
    "ReLULayer": Kind(1, (), (), lambda layer, inputs: inputs[0]),
    "MaxPooling2DLayer": Kind(1, ("PoolSize", "Stride", "Padding"), (), _pooling),
    "AveragePooling2DLayer": Kind(1, ("PoolSize", "Stride", "Padding"), (), _pooling),
    "GlobalAveragePooling2DLayer": Kind(
        1, (), (), lambda layer, inputs: (_maps(inputs[0])[0], 1, 1)
    ),
    "DropoutLayer": Kind(1, ("Probability",), (), lambda layer, inputs: inputs[0]),
    "FlattenLayer": Kind(1, (), (), lambda layer, inputs: (math.prod(inputs[0]),)),
    "FullyConnectedLayer": Kind(1, (), ("Weights", "Bias"), _fully_connected),
    "AdditionLayer": Kind(2, (), (), _addition),
    "MultiplicationLayer": Kind(2, (), (), _multiplication),
}
