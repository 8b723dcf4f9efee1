"""Functions of one element, powers, and activations that are composed of them."""

from __future__ import annotations

from cifarx.export.from_onnx.node import Node, Reader, reads
from cifarx.export.from_onnx.operators.arithmetic import (
    combined,
    function_of,
    product,
    scaled,
    spread,
)
from cifarx.export.from_onnx.value import Value
from cifarx.export.network.layer import Array
from cifarx.pytorch_models.errors import UnsupportedError

_PLAIN = {
    "Abs": ("abs", "The absolute value."),
    "Ceil": ("ceil", "The next whole number above."),
    "Cos": ("cos", "The cosine of radians."),
    "Exp": ("exp", "The exponential."),
    "Floor": ("floor", "The next whole number below."),
    "Log": ("log", "The natural logarithm."),
    "Reciprocal": ("reciprocal", "`1 / x`."),
    "Sign": ("sign", "-1, 0 or 1."),
    "Sin": ("sin", "The sine of radians."),
    "Softplus": ("softplus", "`log(1 + exp(x))`."),
    "Sqrt": ("sqrt", "The square root."),
}


def _plain(function: str, text: str) -> Reader:
    def read(node: Node) -> None:
        node.give(function_of(node, node.value(0), function))

    read.__doc__ = text
    return read


for _operator, (_function, _text) in _PLAIN.items():
    reads(_operator, "ElementwiseLayer")(_plain(_function, _text))


@reads(
    "Pow",
    "MultiplicationLayers for 2 and 3; ElementwiseLayer for 1/2 and -1; else PowerLayer",
    "constant exponents, one or one per channel",
)
def power(node: Node) -> None:
    """`x ** c`."""
    value, exponent = node.value(0), node.constant(1)
    if exponent is None:
        raise UnsupportedError("with an exponent that is computed from the image")
    # a parameter stays one, whatever its value: exporters write numbers of the source as scalars
    known = float(exponent) if exponent.shape == () else None
    if known == 1:
        node.give(value)
    elif known == 2:
        node.give(product(node, value, value))
    elif known == 3:
        node.give(product(node, product(node, value, value), value))
    elif known == 0.5:
        node.give(function_of(node, value, "sqrt"))
    elif known == -1:
        node.give(function_of(node, value, "reciprocal"))
    else:
        numbers = Array(exponent.astype(node.reading.dtype), node.proto.input[1])
        value, numbers = spread(node, value, numbers)
        node.give(node.elementwise("PowerLayer", value, {}, {"Exponent": numbers}))


@reads("Softplus", "ElementwiseLayer, between two ScalingLayers where beta is not 1", "", "cifarx")
def softplus_with_beta(node: Node) -> None:
    """`log(1 + exp(beta * x)) / beta`."""
    value = scaled(node, node.value(0), node.attribute("beta"), 0.0, "_scale")
    value = function_of(node, value, "softplus")
    node.give(scaled(node, value, 1 / node.attribute("beta"), 0.0, "_divided"))


@reads("LogSigmoid", "ElementwiseLayer between two ScalingLayers", "", "cifarx")
def log_sigmoid(node: Node) -> None:
    """`-softplus(-x)`, which neither overflows nor loses digits, as `log(sigmoid(x))` does."""
    node.give(_turned(node, function_of(node, _turned(node, node.value(0), "_turned"), "softplus")))


def _turned(node: Node, value: Value, suffix: str = "_back") -> Value:
    return scaled(node, value, -1.0, 0.0, suffix)


@reads("Mish", "ElementwiseLayer, TanhLayer and MultiplicationLayer")
def mish(node: Node) -> None:
    """`x * tanh(softplus(x))`."""
    value = node.value(0)
    gate = function_of(node, value, "softplus", "_softplus")
    node.give(product(node, value, node.elementwise("TanhLayer", gate, suffix="_tanh")))


@reads("Softsign", "ElementwiseLayer, ScalingLayer and BinaryElementwiseLayer")
def softsign(node: Node) -> None:
    """`x / (1 + abs(x))`."""
    value = node.value(0)
    size = scaled(node, function_of(node, value, "abs", "_abs"), 1.0, 1.0, "_shift")
    node.give(combined(node, value, size, "divide"))
