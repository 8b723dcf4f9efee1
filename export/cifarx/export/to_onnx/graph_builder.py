"""`Writing`: nodes and initializers of an ONNX graph while layers are put into it."""

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
    """What has been written so far."""

    opset: int
    namer: Namer
    shapes: dict[str, Shape]
    output: str
    """The layer whose output is the network's."""
    output_name: str
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    arrays: list[tuple[str, NDArray[Any]]] = field(default_factory=list)

    def value(self, name: str) -> str:
        """Name of the ONNX value that a layer's output is."""
        return self.output_name if name == self.output else name

    def constant(self, name: str, value: Any) -> str:
        """A float32 initializer, unless its dtype is int64."""
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
        """A node; the layer's last one has no `part`, takes its name and gives its output."""
        name = self.namer(f"{layer.name}_{part}") if part else layer.name
        output = name if part else self.value(name)
        self.nodes.append(helper.make_node(operator, inputs, [output], name=name, **attributes))
        return output

    def inputs(self, layer: Layer) -> list[str]:
        """ONNX values that a layer reads."""
        return [self.value(name) for name in layer.inputs]

    def arrays_of(self, layer: Layer) -> list[str]:
        """The layer's arrays as initializers, called as in the checkpoint."""
        return [self.array(layer, key) for key in layer.arrays]

    def array(self, layer: Layer, key: str, shape: Shape | None = None) -> str:
        """One of them, of its own shape or another."""
        array = layer.arrays[key]
        value = array.value if shape is None else array.value.reshape(shape)
        return self.constant(array.source or f"{layer.name}_{key}", value)

    def along_channels(self, layer: Layer, key: str) -> str:
        """One of them so that it lines up with the layer's input."""
        value, shape = layer.arrays[key].value, self.shapes[layer.inputs[0]]
        by_channel = value.ndim == 1 and value.size > 1
        return self.array(layer, key, (-1, *[1] * (len(shape) - 1)) if by_channel else None)
