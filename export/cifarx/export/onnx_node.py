"""One ONNX node as the functions that read it see it, and the register of those functions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from cifarx.export.graph import output_shape
from cifarx.export.layer import Array, Hyper, Layer, Shape
from cifarx.export.names import Namer

_SCOPES = "pkg.torch.onnx.name_scopes"  # node metadata: the modules it lies in, outermost first


class UnsupportedError(Exception):
    """What one node asks for and the vocabulary lacks."""


@dataclass
class Reading:
    """What has been read so far."""

    constants: Mapping[str, NDArray[Any]]
    namer: Namer
    value_layer: dict[str, str]
    """ONNX value -> the layer (or graph input) that gives it."""
    shapes: dict[str, Shape]
    layers: list[Layer] = field(default_factory=list)


@dataclass(frozen=True)
class Node:
    """One ONNX node, as the functions of the registry see it."""

    proto: onnx.NodeProto
    reading: Reading

    @property
    def attributes(self) -> dict[str, Any]:
        return {a.name: onnx.helper.get_attribute_value(a) for a in self.proto.attribute}

    @property
    def module(self) -> str:
        """Path of the PyTorch module, '' if the file does not say."""
        for entry in self.proto.metadata_props:
            if entry.key == _SCOPES:
                try:
                    return str(ast.literal_eval(entry.value)[-2])
                except (ValueError, SyntaxError, IndexError, TypeError):
                    return ""
        return ""

    def input_layer(self, i: int) -> str:
        """The layer that gives input i."""
        name = self.proto.input[i]
        if name not in self.reading.value_layer:
            raise UnsupportedError(f"its input {name!r} is a constant or is given by no layer")
        return self.reading.value_layer[name]

    def shape(self, i: int) -> Shape:
        """Shape of input i, the batch left out."""
        return self.reading.shapes[self.input_layer(i)]

    def constant(self, i: int) -> NDArray[Any] | None:
        """The value of input i, None where it is absent or computed."""
        inputs = self.proto.input
        return self.reading.constants.get(inputs[i]) if i < len(inputs) else None

    def weights(self, i: int) -> Array:
        """Input i as a float32 array that must be constant."""
        value = self.constant(i)
        if value is None or value.dtype != np.float32:
            raise UnsupportedError(f"its input {self.proto.input[i]!r} is not a float32 constant")
        return Array(value, self.proto.input[i])

    def zeros(self, size: int) -> Array:
        """A bias for a layer that has none."""
        return Array(np.zeros(size, np.float32), "")

    def layer(
        self,
        kind: str,
        hyper: Mapping[str, Hyper] | None = None,
        arrays: Mapping[str, Array] | None = None,
        inputs: int = 1,
    ) -> None:
        """Add a layer that reads the node's first inputs and gives its first output."""
        name = self.reading.namer(self.module or self.proto.name or self.proto.op_type)
        sources = tuple(self.input_layer(i) for i in range(inputs))
        layer = Layer(name, kind, sources, hyper or {}, arrays or {}, self.module)
        self.reading.shapes[name] = output_shape(layer, self.reading.shapes)
        self.reading.layers.append(layer)
        self.reading.value_layer[self.proto.output[0]] = name

    def passes_through(self) -> None:
        """Give the first input as the first output."""
        self.reading.value_layer[self.proto.output[0]] = self.input_layer(0)


Reader = Callable[[Node], None]
READERS: dict[tuple[str, str], Reader] = {}


def reads(operator: str, domain: str = "") -> Callable[[Reader], Reader]:
    """Register the reader of an ONNX operator."""

    def enter(reader: Reader) -> Reader:
        if (domain, operator) in READERS:
            raise ValueError(f"two readers for {operator}")
        READERS[domain, operator] = reader
        return reader

    return enter
