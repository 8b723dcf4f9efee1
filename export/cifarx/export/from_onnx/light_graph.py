"""`LightGraph`: nodes, constants and shapes of an ONNX model that need not be valid.

Weights are never read. Of a tensor only name, type and dimensions matter, and its value if it has
only a few numbers, such as the limits of a Clip.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import onnx

from cifarx.export.from_onnx.interface import Dims, dimensions, model_inputs, stored_tensors
from cifarx.export.from_onnx.metadata import module_of

_SMALL = 64  # numbers; longer tensors are weights, whose values are never read
_ELEMENTWISE = frozenset(
    ["Add", "Sub", "Mul", "Div", "Neg", "Relu", "LeakyRelu", "Sigmoid", "Tanh"]
)


@dataclass(frozen=True)
class LightGraph:
    """The main graph of a model."""

    model: onnx.ModelProto

    @property
    def nodes(self) -> Iterator[LightNode]:
        return (LightNode(proto, self) for proto in self.model.graph.node)

    @property
    def opset(self) -> int | None:
        """Version of ONNX's own operators; None if the file does not say."""
        found = [o.version for o in self.model.opset_import if o.domain in ("", "ai.onnx")]
        return found[0] if found else None

    @cached_property
    def tensors(self) -> dict[str, onnx.TensorProto]:
        """Initializers, and the outputs of Constant nodes."""
        found = {tensor.name: tensor for tensor in self.model.graph.initializer}
        for node in self.model.graph.node:
            if node.op_type == "Constant":
                found.update(
                    (node.output[0], entry.t) for entry in node.attribute if entry.name == "value"
                )
        return found

    @cached_property
    def stored(self) -> set[str]:
        """Names of the tensors that are stored in the file, not computed."""
        return stored_tensors(self.model)

    @cached_property
    def constants(self) -> set[str]:
        """Names of all values that do not depend on the input of the network."""
        return self._closure(self.stored, lambda node: node.op_type == "Constant")

    @cached_property
    def shape_values(self) -> set[str]:
        """Names of values that depend on the input's shape, but not on its content."""
        known = self._closure(set(self.constants), lambda node: node.op_type in ("Shape", "Size"))
        return known - self.constants

    def _closure(self, known: set[str], starts: Callable[[onnx.NodeProto], bool]) -> set[str]:
        known = set(known)
        for node in self.model.graph.node:
            inputs = [name for name in node.input if name]
            if starts(node) or (inputs and all(name in known for name in inputs)):
                known.update(node.output)
        return known

    @cached_property
    def producers(self) -> dict[str, onnx.NodeProto]:
        """The node that computes each value."""
        return {name: node for node in self.model.graph.node for name in node.output}

    def wake(self, operators: frozenset[str]) -> set[str]:
        """Names of values that come from these operators, directly or by elementwise arithmetic."""
        if operators not in self._wakes:
            found: set[str] = set()
            for node in self.model.graph.node:
                follows = node.op_type in _ELEMENTWISE and any(n in found for n in node.input)
                if follows or node.op_type in operators:
                    found.update(node.output)
            self._wakes[operators] = found - self.constants
        return self._wakes[operators]

    @cached_property
    def _wakes(self) -> dict[frozenset[str], set[str]]:
        return {}

    @property
    def inputs(self) -> list[onnx.ValueInfoProto]:
        """Inputs of the network."""
        return model_inputs(self.model)

    @cached_property
    def functions(self) -> set[tuple[str, str]]:
        """(domain, name) of the functions that the file defines."""
        return {(function.domain, function.name) for function in self.model.functions}

    @cached_property
    def shapes(self) -> dict[str, Dims]:
        """Dimensions of values as far as they are known, None for an open dimension."""
        light = _without_weights(self.model)
        # if inference fails, only the shapes that the file gives are known
        with suppress(
            onnx.checker.ValidationError,
            onnx.shape_inference.InferenceError,
            RuntimeError,
            ValueError,
        ):
            light = onnx.shape_inference.infer_shapes(light)
        graph = light.graph
        values = (*graph.input, *graph.value_info, *graph.output)
        shapes = {v.name: dims for v in values if (dims := dimensions(v)) is not None}
        return shapes | {name: tuple(tensor.dims) for name, tensor in self.tensors.items()}


@dataclass(frozen=True)
class LightNode:
    """One node of the graph."""

    proto: onnx.NodeProto
    graph: LightGraph

    @property
    def operator(self) -> str:
        """Operator, with its domain in front if that is not ONNX's own."""
        foreign = self.proto.domain not in ("", "ai.onnx")
        return f"{self.proto.domain}.{self.proto.op_type}" if foreign else self.proto.op_type

    @property
    def inputs(self) -> list[str]:
        """Names of the inputs that are present."""
        return [name for name in self.proto.input if name]

    def attribute(self, name: str, default: Any = None) -> Any:
        for entry in self.proto.attribute:
            if entry.name == name:
                return onnx.helper.get_attribute_value(entry)
        return default

    def is_constant(self, i: int) -> bool:
        """Whether input i does not depend on the network's input; False if it is absent."""
        names = self.proto.input
        return i < len(names) and names[i] in self.graph.constants

    def shape(self, i: int) -> Dims | None:
        """Dimensions of input i; None if unknown."""
        names = self.proto.input
        return self.graph.shapes.get(names[i]) if i < len(names) else None

    def numbers(self, i: int) -> list[float] | None:
        """The value of input i if it is a stored constant of a few numbers, else None."""
        names = self.proto.input
        tensor = self.graph.tensors.get(names[i]) if i < len(names) else None
        if tensor is None or tensor.data_location == onnx.TensorProto.EXTERNAL:
            return None
        if math.prod(tensor.dims) > _SMALL:
            return None
        try:
            return [float(x) for x in onnx.numpy_helper.to_array(tensor).ravel()]
        except (ValueError, TypeError):
            return None

    @property
    def module(self) -> str:
        """Path of the PyTorch module, '' if the file does not say."""
        return module_of(self.proto)


def _without_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its large initializers as inputs, which is enough for shape inference."""
    graph = onnx.GraphProto()
    graph.name = "light"
    graph.node.extend(model.graph.node)
    graph.output.extend(model.graph.output)
    graph.value_info.extend(model.graph.value_info)
    large = {
        t.name: t
        for t in model.graph.initializer
        if math.prod(t.dims) > _SMALL or t.data_location == onnx.TensorProto.EXTERNAL
    }
    graph.input.extend(v for v in model.graph.input if v.name not in large)
    graph.input.extend(
        onnx.helper.make_tensor_value_info(name, t.data_type, list(t.dims))
        for name, t in large.items()
    )
    graph.initializer.extend(t for t in model.graph.initializer if t.name not in large)
    light = onnx.ModelProto(ir_version=model.ir_version, graph=graph)
    light.opset_import.extend(model.opset_import)
    light.functions.extend(model.functions)
    return light
