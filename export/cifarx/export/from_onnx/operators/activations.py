"""Activations, and Dropout, which has no effect at prediction."""

from __future__ import annotations

import math
from functools import reduce

import numpy as np

from cifarx.export.from_onnx.materialize import all_features, maps
from cifarx.export.from_onnx.node import Node, decimal, reads
from cifarx.export.from_onnx.operators.arithmetic import (
    combined,
    difference,
    function_of,
    product,
    scaled,
    spread,
)
from cifarx.export.from_onnx.operators.channels import softmax_of_two
from cifarx.export.from_onnx.operators.reductions import reduced
from cifarx.export.from_onnx.value import Value, channels_last, pooled_channels
from cifarx.export.network.layer import Array
from cifarx.export.network.model_card import LOG_SOFTMAX
from cifarx.pytorch_models.errors import UnsupportedError


@reads("Relu", "ReLULayer")
def relu(node: Node) -> None:
    """`max(x, 0)`."""
    node.give(node.elementwise("ReLULayer", node.value(0)))


@reads("LeakyRelu", "LeakyReLULayer")
def leaky_relu(node: Node) -> None:
    """alpha is the toolbox's Scale."""
    scale = decimal(node.attribute("alpha", 0.01))
    node.give(node.elementwise("LeakyReLULayer", node.value(0), {"Scale": scale}))


@reads("PRelu", "PReLULayer", "one slope, or one per channel")
def prelu(node: Node) -> None:
    """A learned slope per channel."""
    value, slope = spread(node, node.value(0), node.array(1))
    channels = node.reading.shapes[value.layer][:1]
    if slope.value.shape not in ((1,), channels):
        raise UnsupportedError("slopes that differ within a channel")
    alpha = Array(np.broadcast_to(slope.value, channels).copy(), slope.source)
    node.give(node.elementwise("PReLULayer", value, {}, {"Alpha": alpha}))


@reads("Elu", "ELULayer")
def elu(node: Node) -> None:
    """`alpha * (exp(x) - 1)` below 0."""
    alpha = _meant(node.attribute("alpha", 1.0))
    node.give(node.elementwise("ELULayer", node.value(0), {"Alpha": alpha}))


@reads("Celu", "ELULayer, between two ScalingLayers where alpha is not 1")
def celu(node: Node) -> None:
    """`alpha * elu(x / alpha)`."""
    alpha = node.attribute("alpha", 1.0)
    if alpha <= 0:
        raise UnsupportedError(f"alpha {alpha:g}, which must be above 0")
    value = scaled(node, node.value(0), 1 / alpha, 0.0, "_divided")
    value = node.elementwise("ELULayer", value, {"Alpha": 1.0})
    node.give(scaled(node, value, alpha, 0.0, "_scale"))


# Klambauer and others 2017, arXiv 1706.02515, as PyTorch has them; ONNX files hold float32
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def _meant(value: float) -> float:
    """The number that a float32 attribute was rounded from: a known constant, or a short decimal.

    >>> _meant(0.1666666716337204)
    0.16666666666666666
    """
    known = (_SELU_ALPHA, _SELU_SCALE, 1 / 6)
    found = next((number for number in known if np.float32(number) == np.float32(value)), None)
    return decimal(value) if found is None else found


@reads("Selu", "ELULayer and ScalingLayer")
def selu(node: Node) -> None:
    """A scaled ELU."""
    alpha, gamma = node.attribute("alpha", _SELU_ALPHA), node.attribute("gamma", _SELU_SCALE)
    value = node.elementwise("ELULayer", node.value(0), {"Alpha": _meant(alpha)})
    node.give(scaled(node, value, _meant(gamma), 0.0, "_scale"))


@reads("Sigmoid", "SigmoidLayer")
def sigmoid(node: Node) -> None:
    """`1 / (1 + exp(-x))`."""
    node.give(node.elementwise("SigmoidLayer", node.value(0)))


@reads("Tanh", "TanhLayer")
def tanh(node: Node) -> None:
    """The hyperbolic tangent."""
    node.give(node.elementwise("TanhLayer", node.value(0)))


@reads("Swish", "SwishLayer, between two ScalingLayers where alpha is not 1", "alpha not 0")
def swish(node: Node) -> None:
    """`x * sigmoid(alpha * x)`, which is `swish(alpha * x) / alpha`."""
    alpha = node.attribute("alpha", 1.0)
    if alpha == 0:
        raise UnsupportedError("alpha 0")
    value = scaled(node, node.value(0), alpha, 0.0, "_scale")
    value = node.elementwise("SwishLayer", value)
    node.give(scaled(node, value, 1 / alpha, 0.0, "_divided"))


@reads("Gelu", "GELULayer")
def gelu(node: Node) -> None:
    """Exact, or by tanh."""
    form = node.attribute("approximate", "none")
    node.give(node.elementwise("GELULayer", node.value(0), {"Approximation": form}))


@reads(
    "Clip",
    "ClippedReLULayer, ReLULayer, ScalingLayer, AdditionLayer; BinaryElementwiseLayers where the "
    "bounds are computed",
)
def clip(node: Node) -> None:
    """Clip(0, c) is a ClippedReLULayer; other bounds take two of them."""
    value, bounds = node.value(0), [-np.inf, np.inf]
    for i, (old, function) in enumerate((("min", "max"), ("max", "min"))):
        if node.given(i + 1) and node.constant(i + 1) is None:
            value = combined(node, value, node.value(i + 1), function)
            continue
        bound = node.fixed(i + 1, old)
        if bound is not None and bound.size:
            bounds[i] = float(bound.reshape(()))
    node.give(clipped(node, value, bounds[0], bounds[1]))


_EXTREME = "BinaryElementwiseLayers, one fewer than computed inputs; for numbers as Clip"


@reads("Max", _EXTREME, "computed inputs and constant numbers")
def larger(node: Node) -> None:
    """Of values, with broadcasting, and of constant numbers."""
    values, numbers = _values_and_numbers(node)
    largest = reduce(lambda a, b: combined(node, a, b, "max"), values)
    node.give(clipped(node, largest, max(numbers, default=-np.inf), np.inf))


@reads("Min", _EXTREME, "computed inputs and constant numbers")
def smaller(node: Node) -> None:
    """Of values, with broadcasting, and of constant numbers."""
    values, numbers = _values_and_numbers(node)
    smallest = reduce(lambda a, b: combined(node, a, b, "min"), values)
    node.give(clipped(node, smallest, -np.inf, min(numbers, default=np.inf)))


def _values_and_numbers(node: Node) -> tuple[list[Value], list[float]]:
    values, numbers = [], []
    for i in range(len(node.proto.input)):
        constant = node.constant(i)
        if constant is None:
            values.append(node.value(i))
        elif constant.size == 1:
            numbers.append(float(constant.reshape(())))
        else:
            raise UnsupportedError("of a constant with more than one number")
    return values, numbers


def clipped(node: Node, value: Value, low: float, high: float) -> Value:
    """Keep a value within bounds; either may be infinite.

    With bounds on both sides of 0, the parts above and below 0 are clipped separately, which is
    exact; a shift to 0 and back would add rounding errors of the size of the bound.
    """
    low = low if low > np.finfo(np.float32).min else -np.inf
    high = high if high < np.finfo(np.float32).max else np.inf
    if math.isinf(low) and math.isinf(high):
        return value
    if low > high:
        raise UnsupportedError(f"its lower bound {low:g} is above its upper bound {high:g}")
    if low >= 0:
        shifted = scaled(node, value, 1.0, -low, "_shift")
        return scaled(node, _below(node, shifted, high - low, ""), 1.0, low, "_back")
    turned = scaled(node, value, -1.0, 0.0, "_turned")
    if high <= 0:
        return scaled(node, clipped(node, turned, -high, -low), -1.0, 0.0, "_back")
    negative = scaled(node, _below(node, turned, -low, "_negative"), -1.0, 0.0, "_back")
    positive = _below(node, value, high, "_positive")
    return positive.of(node.add("AdditionLayer", (positive.layer, negative.layer)))


def _below(node: Node, value: Value, ceiling: float, suffix: str) -> Value:
    """`min(max(x, 0), ceiling)`."""
    if math.isinf(ceiling):
        return node.elementwise("ReLULayer", value, suffix=suffix)
    hyper = {"Ceiling": decimal(ceiling)}
    return node.elementwise("ClippedReLULayer", value, hyper, suffix=suffix)


@reads("HardSigmoid", "ScalingLayer and ClippedReLULayer")
def hard_sigmoid(node: Node) -> None:
    """`clip(alpha * x + beta, 0, 1)`."""
    alpha, beta = node.attribute("alpha", 0.2), node.attribute("beta", 0.5)
    node.give(_hard_sigmoid(node, node.value(0), _meant(alpha), beta))


@reads("HardSwish", "ScalingLayer, ClippedReLULayer and MultiplicationLayer")
def hard_swish(node: Node) -> None:
    """`x * clip(x / 6 + 1 / 2, 0, 1)`."""
    value = node.value(0)
    node.give(product(node, value, _hard_sigmoid(node, value, 1 / 6, 0.5)))


def _hard_sigmoid(node: Node, value: Value, alpha: float, beta: float) -> Value:
    value = scaled(node, value, alpha, beta, "_scale")
    return node.elementwise("ClippedReLULayer", value, {"Ceiling": 1.0}, suffix="_clip")


@reads(
    "Softmax",
    "SoftmaxLayer; over two stacked parts SigmoidLayers of their difference; over space "
    "GlobalMaxPooling2DLayer, ElementwiseLayer, a sum and BinaryElementwiseLayer",
    "over the channels, over height and width, or over an axis of length 2",
)
def softmax(node: Node) -> None:
    """Over channels or features; before opset 13, over all axes from `axis` on."""
    _over_channels(node, "SoftmaxLayer")


def _over_channels(node: Node, kind: str) -> None:
    value = node.value(0)
    rank = len(value.shape) + 1
    old = node.reading.opset < 13
    axis = node.attribute("axis", 1 if old else -1) % rank
    if rank == 2 and axis == 1:
        node.give(node.elementwise(kind, all_features(node, value)))
        return
    size = node.reading.shapes[value.layer]
    index = np.moveaxis(value.index, axis - 1, -1)
    alone = not old or axis == rank - 1
    last = channels_last(index, (size[0], size[1], size[2])) if len(size) == 3 else None
    if axis and alone and last is not None:
        node.give(node.elementwise(kind, value))
        return
    two = bool(axis) and alone and kind == "SoftmaxLayer" and value.shape[axis - 1] == 2
    if axis == 1 and rank == 4 and not (two and value.order is not None):
        layer = maps(node, value)
        if alone or node.reading.shapes[layer][1:] == (1, 1):
            node.gives(node.add(kind, (layer,)))
            return
    if two:
        node.give(softmax_of_two(node, value, axis - 1))
        return
    if axis and alone and kind == "SoftmaxLayer" and len(size) == 3:
        rows = index.reshape(-1, index.shape[-1])
        if pooled_channels(rows, (size[0], size[1], size[2])) is not None:
            node.give(value.of(_softmax_over_space(node, value.layer)))
            return
    raise UnsupportedError(f"over the axis {axis} of N x {' x '.join(map(str, value.shape))}")


def _softmax_over_space(node: Node, layer: str) -> str:
    """Softmax over the pixels of each map; the largest is subtracted before the exponential."""
    whole = Value(layer, node.reading.shapes[layer])
    largest = reduced(node, whole, [1, 2], "max", keep=True)
    powers = function_of(node, difference(node, whole, largest), "exp", "_exp")
    total = reduced(node, powers, [1, 2], "sum", keep=True)
    return combined(node, powers, total, "divide").layer


@reads(
    "LogSoftmax",
    "LogSoftmaxLayer; none at the end of a classifier, whose files have the logits",
    "over the channels",
)
def log_softmax(node: Node) -> None:
    """As Softmax; the end of a classifier that was trained with NLLLoss is left out and told."""
    value = node.value(0)
    axis = node.attribute("axis", 1 if node.reading.opset < 13 else -1)
    last = node.reading.outputs == (node.proto.output[0],)
    if last and len(value.shape) == 1 and axis in (1, -1):
        node.reading.ending = LOG_SOFTMAX
        node.give(value)
    else:
        _over_channels(node, "LogSoftmaxLayer")


@reads("Dropout", "DropoutLayer", "not in training mode")
@reads("Dropout", "DropoutLayer", domain="cifarx")
def dropout(node: Node) -> None:
    """The identity at prediction; it is kept for fine-tuning."""
    ratio, training = node.fixed(1, "ratio"), node.fixed(2)
    if training is not None and bool(training):
        raise UnsupportedError("training_mode=1; export the network in evaluation mode")
    if node.taken(1):
        raise UnsupportedError("the mask as a second output")
    probability = 0.5 if ratio is None else decimal(float(ratio.reshape(())))
    node.give(node.elementwise("DropoutLayer", node.value(0), {"Probability": probability}))
