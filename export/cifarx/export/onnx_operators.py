"""One small function an ONNX operator, in the register of `onnx_node`.

Meaning of operators and attributes: https://onnx.ai/onnx/operators/.
"""

from __future__ import annotations

import numpy as np

from cifarx.export import layout
from cifarx.export.layer import Array, Hyper
from cifarx.export.onnx_node import READERS, Node, UnsupportedError, reads


def operators() -> list[str]:
    """The ONNX operators that have a reader, in alphabetical order."""
    return sorted(operator for domain, operator in READERS if not domain)


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
    if len(node.shape(0)) == 1:
        node.passes_through()
    else:
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


@reads("Mul")
def multiplication(node: Node) -> None:
    """MultiplicationLayer of two layers' outputs."""
    node.layer("MultiplicationLayer", inputs=2)
