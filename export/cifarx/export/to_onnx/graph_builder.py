"""`Writing`: an ONNX graph under construction, its nodes and initializers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from cifarx.export.network.interface import Output
from cifarx.export.network.layer import Layer, Shape
from cifarx.export.network.names import Namer

_IN_ONE_DIMENSION = frozenset(
    {
        "Convolution2DLayer",
        "GroupedConvolution2DLayer",
        "TransposedConvolution2DLayer",
        "BatchNormalizationLayer",
        "LayerNormalizationLayer",
        "GroupNormalizationLayer",
        "InstanceNormalizationLayer",
        "ReLULayer",
        "LeakyReLULayer",
        "ClippedReLULayer",
        "PReLULayer",
        "ELULayer",
        "GELULayer",
        "SwishLayer",
        "SigmoidLayer",
        "TanhLayer",
        "SoftmaxLayer",
        "LogSoftmaxLayer",
        "ElementwiseLayer",
        "PowerLayer",
        "ScalingLayer",
        "MaxPooling2DLayer",
        "AveragePooling2DLayer",
        "GlobalAveragePooling2DLayer",
        "GlobalMaxPooling2DLayer",
        "DropoutLayer",
        "FlattenLayer",
        "AdditionLayer",
        "MultiplicationLayer",
        "BinaryElementwiseLayer",
        "DepthConcatenationLayer",
    }
)
"""Kinds whose writers know signals N x C x L."""
_NEUTRAL = {"Stride": 1, "DilationFactor": 1, "PoolSize": 1, "Padding": 0, "Cropping": 0}
"""What these options are along the height of a signal's one row."""


@dataclass
class Writing:
    """The nodes and initializers written so far."""

    opset: int
    namer: Namer
    shapes: dict[str, Shape]
    """As values are written: signals, which layers carry as maps of one row, are (C, L)."""
    outputs: dict[str, tuple[str, Shape]]
    """By the layer that gives it: name and shape of an output that needs no node of its own if the
    layer is written in that shape."""
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    arrays: list[tuple[str, NDArray[Any]]] = field(default_factory=list)
    maps: dict[str, str] = field(default_factory=dict)
    """By signal, the value that holds it as maps of one row."""

    def begin(self, layer: Layer) -> None:
        """Decide whether a layer of signals is written in one dimension, before its nodes are."""
        signals = [name for name in layer.inputs if len(self.shapes[name]) == 2]
        if signals and len(signals) == len(layer.inputs) and _keeps_row(layer):
            channels, *rest = self.shapes[layer.name]
            if rest:
                self.shapes[layer.name] = (channels, rest[1])
            return
        for name in signals:
            if name not in self.maps:
                axes = self.constant(f"{name}_axes", np.array([2], np.int64))
                value = self.namer(f"{name}_maps")
                inputs = [self.value(name), axes]
                self.nodes.append(helper.make_node("Unsqueeze", inputs, [value], name=value))
                self.maps[name] = value

    def deliver(self, output: Output, shape: Shape) -> None:
        """Give an output in its own shape, unless its layer's node does."""
        given = self.value(output.layer)
        if given == output.name:
            return
        name = self.namer(f"{output.name}_shape")
        if len(shape) == 1:
            node = helper.make_node("Flatten", [given], [output.name], name=name, axis=1)
        else:
            sizes = np.array([0, *shape] if shape else [-1], np.int64)
            target = self.constant(f"{output.name}_sizes", sizes)
            node = helper.make_node("Reshape", [given, target], [output.name], name=name)
        self.nodes.append(node)

    def is_signal(self, name: str) -> bool:
        """Whether a layer or an input is written as N x C x L."""
        return len(self.shapes[name]) == 2

    def value(self, name: str) -> str:
        """Name of the ONNX value that is a layer's output."""
        output, shape = self.outputs.get(name, ("", ()))
        return output if output and shape == self.shapes[name] else name

    def constant(self, name: str, value: Any) -> str:
        """Add an initializer, float32 unless its dtype is int64, and return its name."""
        array = np.asarray(value)
        name = self.namer(name)
        kind = array.dtype if array.dtype == np.int64 else np.float32
        self.arrays.append((name, np.asarray(array, kind)))
        return name

    def node(
        self,
        operator: str,
        layer: Layer,
        inputs: list[str],
        part: str = "",
        **attributes: Any,
    ) -> str:
        """Add a node and return its output.

        The last node of a layer has no `part`: it has the layer's name and gives its output.
        """
        name = self.namer(f"{layer.name}_{part}") if part else layer.name
        output = name if part else self.value(name)
        self.nodes.append(helper.make_node(operator, inputs, [output], name=name, **attributes))
        return output

    def inputs(self, layer: Layer) -> list[str]:
        """Names of the ONNX values that a layer reads."""
        in_row = _keeps_row(layer) and all(map(self.is_signal, layer.inputs))
        return [
            self.maps[name] if self.is_signal(name) and not in_row else self.value(name)
            for name in layer.inputs
        ]

    def arrays_of(self, layer: Layer) -> list[str]:
        """Add the layer's arrays as initializers, named as in the checkpoint."""
        return [self.array(layer, key) for key in layer.arrays]

    def array(self, layer: Layer, key: str, shape: Shape | None = None) -> str:
        """Add one array of the layer, in its own shape or another."""
        array = layer.arrays[key]
        value = array.value if shape is None else array.value.reshape(shape)
        return self.constant(array.source or f"{layer.name}_{key}", value)

    def along_channels(self, layer: Layer, key: str) -> str:
        """Add one array of the layer, shaped to broadcast over the layer's input."""
        value, shape = layer.arrays[key].value, self.shapes[layer.inputs[0]]
        if value.ndim == 3 and self.is_signal(layer.inputs[0]):  # a number per element
            return self.array(layer, key, shape)
        by_channel = value.ndim == 1 and value.size > 1
        return self.array(layer, key, (-1, *[1] * (len(shape) - 1)) if by_channel else None)


def _keeps_row(layer: Layer) -> bool:
    """Whether a layer makes a signal of signals, with nothing along the height."""
    if layer.kind not in _IN_ONE_DIMENSION:
        return False
    kernels = layer.arrays.get("Weights")
    if kernels is not None and kernels.value.shape[2] != 1:
        return False
    along_height = (
        (key, number)
        for key, numbers in layer.hyper.items()
        if key in _NEUTRAL and isinstance(numbers, tuple)
        for number in numbers[: len(numbers) // 2]
    )
    return all(number == _NEUTRAL[key] for key, number in along_height)
