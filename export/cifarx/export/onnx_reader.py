"""An ONNX graph -> `LayerGraph`: one small function an operator, in a registry.

Meaning of operators and attributes: https://onnx.ai/onnx/operators/.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from cifarx.export import layout
from cifarx.export.graph import (
    Array,
    GraphError,
    Hyper,
    Layer,
    LayerGraph,
    Shape,
    output_shape,
)
from cifarx.export.names import Namer
from cifarx.pytorch_models.errors import UserError

_SCOPES = "pkg.torch.onnx.name_scopes"  # node metadata: the modules it lies in, outermost first


class UnsupportedError(Exception):
    """What one node asks for and the vocabulary lacks."""


@dataclass
class _Reading:
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
    reading: _Reading

    @property
    def attributes(self) -> dict[str, Any]:
        return {a.name: onnx.helper.get_attribute_value(a) for a in self.proto.attribute}

    @property
    def module(self) -> str:
        """Path of the PyTorch module, '' if the file does not say."""
        for entry in self.proto.metadata_props:
            if entry.key == _SCOPES:
                scopes = ast.literal_eval(entry.value)
                return str(scopes[-2]) if len(scopes) > 1 else ""
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
_READERS: dict[tuple[str, str], Reader] = {}


def reads(operator: str, domain: str = "") -> Callable[[Reader], Reader]:
    """Register the reader of an ONNX operator."""

    def enter(reader: Reader) -> Reader:
        if (domain, operator) in _READERS:
            raise ValueError(f"two readers for {operator}")
        _READERS[domain, operator] = reader
        return reader

    return enter


def operators() -> list[str]:
    """The ONNX operators that have a reader, in alphabetical order."""
    return sorted(operator for domain, operator in _READERS if not domain)


def read_onnx(model: onnx.ModelProto) -> LayerGraph:
    """Read a classifier with one image input and one output of logits.

    Raises:
        UserError: listing everything in the network that has no layer kind, with the nodes.
    """
    graph = model.graph
    constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.domain == "":
            constants[node.output[0]] = numpy_helper.to_array(_constant_tensor(node))
    images = [value for value in graph.input if value.name not in constants]
    if len(images) != 1 or len(graph.output) != 1:
        raise UserError(
            f"The network has {len(images)} inputs and {len(graph.output)} outputs; cifarx takes "
            "classifiers with one image input and one output of logits."
        )
    size = _image_size(images[0])
    namer = Namer()
    input_name = namer(images[0].name)
    reading = _Reading(constants, namer, {images[0].name: input_name}, {input_name: size})
    faults: list[str] = []
    for proto in graph.node:
        if proto.op_type == "Constant":
            continue
        if not any(name in reading.value_layer or name in constants for name in proto.input):
            continue  # it follows a node that is already among the faults
        reader = _READERS.get((proto.domain, proto.op_type))
        try:
            if reader is None:
                raise UnsupportedError("no such layer kind")
            reader(Node(proto, reading))
        except (UnsupportedError, GraphError) as error:
            faults.append(f"{proto.op_type} (node {proto.name or '?'}): {error}")
    output = graph.output[0].name
    if faults or output not in reading.value_layer:
        detail = "; ".join(faults) or f"nothing computes the output {output!r}"
        raise UserError(
            f"The network has parts that cifarx cannot take to MATLAB: {detail}. "
            f"Operators it reads: {', '.join(operators())}. Replace those parts in PyTorch."
        )
    try:
        result = LayerGraph(input_name, size, tuple(reading.layers), reading.value_layer[output])
    except GraphError as error:
        raise UserError(f"The network contradicts itself: {error}.") from error
    if len(result.shapes()[result.output]) != 1:
        raise UserError(
            f"The network's output is {result.shapes()[result.output]} an image, not one vector of "
            "logits; cifarx takes classifiers."
        )
    return result


def _constant_tensor(node: onnx.NodeProto) -> onnx.TensorProto:
    (attribute,) = node.attribute
    if attribute.name == "value":
        return attribute.t
    return numpy_helper.from_array(np.asarray(onnx.helper.get_attribute_value(attribute)))


def _image_size(value: onnx.ValueInfoProto) -> tuple[int, int, int]:
    tensor = value.type.tensor_type
    dims = [d.dim_value for d in tensor.shape.dim]
    if tensor.elem_type != onnx.TensorProto.FLOAT or len(dims) != 4 or min(dims[1:]) < 1:
        raise UserError(
            f"The input {value.name!r} must be float32 images N x C x H x W with fixed C, H and W; "
            f"the file gives it {[d.dim_value or d.dim_param or '?' for d in tensor.shape.dim]}."
        )
    return dims[1], dims[2], dims[3]


def _two(values: list[int] | None, default: int) -> tuple[int, int]:
    height, width = values or [default, default]
    return height, width


def _window(node: Node) -> dict[str, Hyper]:
    """Stride and Padding of a convolution or pooling, in MATLAB's terms."""
    attributes = node.attributes
    if attributes.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise UnsupportedError(
            f"auto_pad={attributes['auto_pad'].decode()} instead of explicit pads"
        )
    pads = tuple(attributes.get("pads", (0, 0, 0, 0)))
    if len(pads) != 4:
        raise UnsupportedError("only two-dimensional windows")
    return {
        "Stride": _two(attributes.get("strides"), 1),
        "Padding": layout.pads_from_onnx(pads),
    }


@reads("Conv")
def convolution(node: Node) -> None:
    """Convolution2DLayer; groups must be 1."""
    if node.attributes.get("group", 1) != 1:
        raise UnsupportedError("grouped convolution")
    kernels = node.weights(1)
    bias = node.weights(2) if len(node.proto.input) > 2 else node.zeros(len(kernels.value))
    dilation = _two(node.attributes.get("dilations"), 1)
    node.layer(
        "Convolution2DLayer",
        {**_window(node), "DilationFactor": dilation},
        {"Weights": kernels, "Bias": bias},
    )


@reads("BatchNormalization")
def batch_normalization(node: Node) -> None:
    """BatchNormalizationLayer with trained statistics."""
    if node.attributes.get("training_mode", 0):
        raise UnsupportedError("training_mode=1")
    node.layer(
        "BatchNormalizationLayer",
        {"Epsilon": _float32(node.attributes.get("epsilon", 1e-5))},
        {
            "Scale": node.weights(1),
            "Offset": node.weights(2),
            "TrainedMean": node.weights(3),
            "TrainedVariance": node.weights(4),
        },
    )


def _float32(value: float) -> float:
    """The shortest decimal that is this float32: 1e-05, not 9.999999747378752e-06."""
    return float(str(np.float32(value)))


@reads("Relu")
def relu(node: Node) -> None:
    """ReLULayer."""
    node.layer("ReLULayer")


@reads("Dropout")
@reads("Dropout", domain="cifarx")
def dropout(node: Node) -> None:
    """DropoutLayer; the identity at prediction."""
    ratio = node.constant(1)
    value = node.attributes.get("ratio", 0.5) if ratio is None else float(ratio)
    if node.constant(2) is not None and bool(node.constant(2)):
        raise UnsupportedError("training_mode=1")
    node.layer("DropoutLayer", {"Probability": _float32(value)})


@reads("Identity")
def identity(node: Node) -> None:
    """No layer."""
    node.passes_through()


def _pooling(node: Node, kind: str) -> None:
    attributes = node.attributes
    if attributes.get("ceil_mode", 0) or max(attributes.get("dilations", [1])) > 1:
        raise UnsupportedError("ceil_mode or dilations")
    hyper: dict[str, Hyper] = {"PoolSize": _two(attributes["kernel_shape"], 1), **_window(node)}
    node.layer(kind, hyper)


@reads("MaxPool")
def max_pooling(node: Node) -> None:
    """MaxPooling2DLayer."""
    if len(node.proto.output) > 1:
        raise UnsupportedError("indices as a second output")
    _pooling(node, "MaxPooling2DLayer")


@reads("AveragePool")
def average_pooling(node: Node) -> None:
    """AveragePooling2DLayer; padding counts as zeros (PaddingValue 0, MATLAB's default)."""
    attributes = node.attributes
    if any(attributes.get("pads", ())) and not attributes.get("count_include_pad", 0):
        raise UnsupportedError("count_include_pad=0 with padding")
    _pooling(node, "AveragePooling2DLayer")


@reads("GlobalAveragePool")
def global_average_pooling(node: Node) -> None:
    """GlobalAveragePooling2DLayer."""
    node.layer("GlobalAveragePooling2DLayer")


@reads("ReduceMean")
def mean_over_space(node: Node) -> None:
    """GlobalAveragePooling2DLayer, which is what PyTorch's pooling to 1x1 becomes."""
    axes = node.constant(1)
    chosen = node.attributes.get("axes") if axes is None else axes.tolist()
    if sorted(a % 4 for a in chosen or ()) != [2, 3] or not node.attributes.get("keepdims", 1):
        raise UnsupportedError("a mean over other axes than height and width, or without keepdims")
    node.layer("GlobalAveragePooling2DLayer")


@reads("Flatten")
def flatten(node: Node) -> None:
    """FlattenLayer."""
    if node.attributes.get("axis", 1) != 1:
        raise UnsupportedError("axis other than 1")
    node.layer("FlattenLayer")


@reads("Reshape")
def reshape(node: Node) -> None:
    """FlattenLayer, where all axes but the batch become one."""
    target, shape = node.constant(1), node.shape(0)
    features = int(np.prod(shape))
    if target is None or len(target) != 2 or target[1] not in (-1, features):
        raise UnsupportedError("a reshape that does not flatten each image")
    if len(shape) == 1:
        node.passes_through()
    else:
        node.layer("FlattenLayer")


@reads("Gemm")
def linear(node: Node) -> None:
    """FullyConnectedLayer."""
    attributes = node.attributes
    if attributes.get("transA", 0) or {attributes.get(k, 1.0) for k in ("alpha", "beta")} != {1.0}:
        raise UnsupportedError("transA, alpha or beta other than 0, 1 and 1")
    weights = node.weights(1)
    if not attributes.get("transB", 0):
        weights = Array(np.ascontiguousarray(weights.value.T), weights.source)
    bias = node.weights(2) if len(node.proto.input) > 2 else node.zeros(len(weights.value))
    node.layer("FullyConnectedLayer", {}, {"Weights": weights, "Bias": bias})


@reads("Add")
def addition(node: Node) -> None:
    """AdditionLayer of two layers' outputs."""
    node.layer("AdditionLayer", inputs=2)
