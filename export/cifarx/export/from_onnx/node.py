"""`Node`, `Reading` and the register: what the functions that read ONNX operators work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from cifarx.export.from_onnx.metadata import module_of
from cifarx.export.from_onnx.value import Index, Mixed, Value, is_permutation, whole
from cifarx.export.network.graph import output_shape
from cifarx.export.network.layer import Array, Hyper, Layer, Shape
from cifarx.pytorch_models.errors import UnsupportedError

# attributes that do not change the results of a network in evaluation, in float32
_WITHOUT_EFFECT = {
    "cubic_coeff_a",  # of cubic resampling
    "exclude_outside",
    "extrapolation_value",
    "kernel_shape",  # of convolutions: the kernels have it
    "momentum",  # of batch norm in training
    "round_mode",  # of casts to 8 bits
    "saturate",
    "seed",  # of dropout in training
    "stash_type",  # precision of intermediate results
    "storage_order",  # of indices as a second output
}


@dataclass
class Reading:
    """What has been read so far.

    Layers have the working names '#1', '#2' and so on, inputs '@1', '@2' and so on.
    """

    batch: int
    """Batch size that shapes are computed for."""
    opset: int
    constants: dict[str, NDArray[Any]]
    values: dict[str, Value | Mixed]
    """The ONNX values that are known, by name."""
    shapes: dict[str, Shape]
    read: frozenset[str] = frozenset()
    """ONNX values that a node or the network's output reads."""
    layers: list[Layer] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    """The preferred name of each layer, before names are made unique."""
    outputs: tuple[str, ...] = ()
    """The ONNX values that are the network's outputs."""
    ending: str = ""
    """What the network applies to its logits last; see `ModelCard.ending`."""
    dtype: type[np.floating[Any]] = np.float32
    """Of the network's numbers; float64 when constants are read as float64 gives them."""
    padded: dict[str, tuple[str, tuple[int, int, int, int]]] = field(default_factory=dict)
    """By layer that only pads with zeros: the layer that it pads, (top, bottom, left, right)."""
    formed: dict[str, Value] = field(default_factory=dict)
    """By layer that was added to give a value as maps: that value."""

    def add(self, layer: Layer, label: str) -> str:
        """Add a layer, whose name is ignored, and return its working name."""
        layer = replace(layer, name=f"#{len(self.layers) + 1}")
        self.shapes[layer.name] = output_shape(layer, self.shapes)
        self.layers.append(layer)
        self.labels[layer.name] = label
        return layer.name

    def layer(self, name: str) -> Layer | None:
        """The layer of a working name; None for an input."""
        return None if name.startswith("@") else self.layers[int(name[1:]) - 1]


@dataclass(frozen=True)
class Node:
    """One ONNX node and the reading that it belongs to."""

    proto: onnx.NodeProto
    reading: Reading
    asked: set[str] = field(default_factory=set)
    """Attributes that a reader has asked for."""

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute's value; text as str."""
        self.asked.add(name)
        for attribute in self.proto.attribute:
            if attribute.name == name:
                value = onnx.helper.get_attribute_value(attribute)
                return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        return default

    def require_all_asked(self) -> None:
        """Raise `UnsupportedError` if no reader asked for an attribute that changes results.

        So an attribute that a later opset adds to an operator is refused, never ignored.
        """
        for attribute in self.proto.attribute:
            if attribute.name not in self.asked | _WITHOUT_EFFECT and not self._default(attribute):
                raise UnsupportedError(f"its attribute {attribute.name!r} is not known to cifarx")

    def _default(self, attribute: onnx.AttributeProto) -> bool:
        """Whether an attribute has its default value."""
        opset, domain = self.reading.opset, self.proto.domain
        try:
            schema = onnx.defs.get_schema(self.proto.op_type, opset, domain)
        except onnx.defs.SchemaError:
            return False
        known = schema.attributes.get(attribute.name)
        if known is None or not known.default_value.name:
            return False
        value = onnx.helper.get_attribute_value
        return bool(value(attribute) == value(known.default_value))

    @property
    def module(self) -> str:
        """Path of the PyTorch module, '' if the file does not say."""
        return module_of(self.proto)

    @property
    def label(self) -> str:
        """The preferred name of its layer."""
        return self.module or self.proto.name or self.proto.op_type

    def value(self, i: int) -> Value:
        """Input i, which must be computed from the network's inputs."""
        inputs = self.proto.input
        name = inputs[i] if i < len(inputs) else ""
        if name not in self.reading.values:
            what = "is a constant" if name in self.reading.constants else "is missing"
            raise UnsupportedError(f"its input {name!r} {what}, but must come from an input")
        value = self.reading.values[name]
        if isinstance(value, Mixed):
            raise UnsupportedError(f"its input does not keep the batch as first axis ({value.by})")
        return value

    def in_batch(self, i: int) -> tuple[str, Index]:
        """Input i as positions in a batch of a layer's outputs."""
        name = self.proto.input[i] if i < len(self.proto.input) else ""
        value = self.reading.values.get(name)
        if isinstance(value, Mixed):
            return value.layer, value.index
        value = self.value(i)
        size = int(np.prod(self.reading.shapes[value.layer]))
        return value.layer, value.in_batch(self.reading.batch, size)

    def constant(self, i: int) -> NDArray[Any] | None:
        """The value of input i; None if it is absent or computed."""
        inputs = self.proto.input
        return self.reading.constants.get(inputs[i]) if i < len(inputs) else None

    def given(self, i: int) -> bool:
        """Whether there is an input i."""
        return i < len(self.proto.input) and bool(self.proto.input[i])

    def fixed(self, i: int, attribute: str = "") -> NDArray[Any] | None:
        """Input i, which older opsets have as an attribute; None if neither is present.

        Raises:
            UnsupportedError: it depends on the network's inputs.
        """
        if not self.given(i):
            old = self.attribute(attribute) if attribute else None
            return None if old is None else np.asarray(old)
        value = self.constant(i)
        if value is None:
            raise UnsupportedError(f"its input {self.proto.input[i]!r} is not constant")
        return value

    def array(self, i: int) -> Array:
        """Input i as a float32 array that must be constant."""
        value = self.fixed(i)
        if value is None or value.dtype != self.reading.dtype:
            found = "missing" if value is None else str(value.dtype)
            raise UnsupportedError(
                f"its input {i + 1} must be {np.dtype(self.reading.dtype)}, but is {found}"
            )
        return Array(value, self.proto.input[i])

    def add(
        self,
        kind: str,
        inputs: tuple[str, ...],
        hyper: Mapping[str, Hyper] | None = None,
        arrays: Mapping[str, Array] | None = None,
        *,
        suffix: str = "",
    ) -> str:
        """Add a layer that reads other layers, and return its working name."""
        layer = Layer("", kind, inputs, hyper or {}, arrays or {}, self.module)
        return self.reading.add(layer, self.label + suffix)

    def elementwise(
        self,
        kind: str,
        value: Value,
        hyper: Mapping[str, Hyper] | None = None,
        arrays: Mapping[str, Array] | None = None,
        *,
        suffix: str = "",
    ) -> Value:
        """Add a layer that treats each element in the same way, in any order."""
        return value.of(self.add(kind, (value.layer,), hyper, arrays, suffix=suffix))

    def taken(self, output: int) -> bool:
        """Whether an output is read."""
        outputs = self.proto.output
        return output < len(outputs) and outputs[output] in self.reading.read

    def give(self, value: Value | Mixed, output: int = 0) -> None:
        """Set the value of an output."""
        self.reading.values[self.proto.output[output]] = value

    def gives(self, layer: str) -> None:
        """Set the first output to the whole output of a layer: a signal if the first input is."""
        shape = self.reading.shapes[layer]
        signal = len(self.value(0).shape) == 2 and shape[1:2] == (1,)
        self.give(whole(layer, (shape[0], shape[2]) if signal else shape, shape))

    def laid_out(self, value: Value, vector: NDArray[Any]) -> NDArray[Any]:
        """Numbers for the elements of a value, in the order of its layer.

        Args:
            value: a rearrangement of a layer's output.
            vector: of the value's shape.

        Raises:
            UnsupportedError: the value leaves out or repeats elements of the layer.
        """
        shape = self.reading.shapes[value.layer]
        if value.order is None:
            return vector
        index = value.order.ravel()
        if not is_permutation(index, int(np.prod(shape))):
            raise UnsupportedError("it changes only a part of a layer's output")
        laid = np.empty(index.size, vector.dtype)
        laid[index] = vector.ravel()
        return laid.reshape(shape)


Reader = Callable[[Node], None]


@dataclass(frozen=True)
class Operator:
    """One row of the register."""

    read: Reader
    becomes: str
    """Layers that it becomes, for the documentation."""
    unless: str
    """Restrictions, for the documentation."""


READERS: dict[tuple[str, str], Operator] = {}


def reads(
    operator: str, becomes: str, unless: str = "", domain: str = ""
) -> Callable[[Reader], Reader]:
    """Register the reader of an ONNX operator."""

    def enter(reader: Reader) -> Reader:
        if (domain, operator) in READERS:
            raise ValueError(f"two readers for {operator}")
        READERS[domain, operator] = Operator(reader, becomes, unless)
        return reader

    return enter


def zeros(size: int) -> Array:
    """A bias or offset for a layer that has none."""
    return Array(np.zeros(size, np.float32), "")


def ones(size: int) -> Array:
    """A scale for a layer that has none."""
    return Array(np.ones(size, np.float32), "")


def decimal(value: float) -> float:
    """The float whose decimal is the shortest that rounds to this float32.

    >>> decimal(float(np.float32(1e-5)))
    1e-05
    """
    return float(str(np.float32(value)))
