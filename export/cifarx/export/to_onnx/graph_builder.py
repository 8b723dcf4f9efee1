"""`Writing`: an ONNX graph under construction, its nodes and initializers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from cifarx.export.network.layer import Layer, Shape
from cifarx.export.network.names import Namer


@dataclass
class Writing:
    """The nodes and initializers written so far."""

    opset: int
    namer: Namer
    shapes: dict[str, Shape]
    output: str
    """The layer whose output is the network's."""
    output_name: str
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    arrays: list[tuple[str, NDArray[Any]]] = field(default_factory=list)

    def value(self, name: str) -> str:
        """Name of the ONNX value that is a layer's output."""
        return self.output_name if name == self.output else name

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
        return [self.value(name) for name in layer.inputs]

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
        by_channel = value.ndim == 1 and value.size > 1
        return self.array(layer, key, (-1, *[1] * (len(shape) - 1)) if by_channel else None)
