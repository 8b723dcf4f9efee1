"""Comparisons and the choices by them, composed of layers: true is 1 and false is 0.

Only operators that take truth values read such values, so numbers stand for them unseen.
"""

from __future__ import annotations

from cifarx.export.from_onnx.node import Node, ones, reads
from cifarx.export.from_onnx.operators.arithmetic import (
    difference,
    function_of,
    operands,
    product,
    scaled,
    spread,
    sum_of,
    times,
)
from cifarx.export.from_onnx.value import Value
from cifarx.export.network.layer import Array
from cifarx.pytorch_models.errors import UnsupportedError

_BECOMES = "ReLULayer and ElementwiseLayer of the difference"


@reads("Greater", _BECOMES)
def greater(node: Node) -> None:
    """`x > y`, the sign of max(x - y, 0)."""
    node.give(_above(node, *operands(node)))


@reads("Less", _BECOMES)
def less(node: Node) -> None:
    """`x < y`, which is y > x."""
    first, second = operands(node)
    node.give(_above(node, second, first))


@reads("GreaterOrEqual", _BECOMES)
def greater_or_equal(node: Node) -> None:
    """`x >= y`, which is not y > x."""
    first, second = operands(node)
    node.give(_not(node, _above(node, second, first)))


@reads("LessOrEqual", _BECOMES)
def less_or_equal(node: Node) -> None:
    """`x <= y`, which is not x > y."""
    node.give(_not(node, _above(node, *operands(node))))


@reads("Not", "ScalingLayer")
def negation(node: Node) -> None:
    """`1 - x`."""
    node.give(_not(node, node.value(0)))


@reads("And", "MultiplicationLayer")
def conjunction(node: Node) -> None:
    """The product."""
    node.give(product(node, node.value(0), node.value(1)))


@reads(
    "Where",
    "MultiplicationLayers, ScalingLayers and AdditionLayer",
    "computed condition; both choices finite",
)
def choice(node: Node) -> None:
    """`condition * x + (1 - condition) * y`, exact where x and y are finite."""
    condition = node.value(0)
    chosen, other = operands(node)[1:]
    parts = []
    for part, gate in ((chosen, condition), (other, None)):
        if isinstance(part, Array) and not part.value.any():
            continue
        gate = _not(node, condition) if gate is None else gate
        if isinstance(part, Array):
            parts.append(times(node, gate, part))
        else:
            parts.append(product(node, gate, part))
    if not parts:
        raise UnsupportedError("between 0 and 0")
    node.give(sum_of(node, parts))


def _above(node: Node, first: Value | Array, second: Value | Array) -> Value:
    if isinstance(first, Array):
        assert isinstance(second, Value)  # a node whose inputs are all constant is evaluated
        apart = _line(node, second, -1, first)
    elif isinstance(second, Array):
        apart = _line(node, first, 1, Array(-second.value, ""))
    else:
        apart = difference(node, first, second)
    positive = node.elementwise("ReLULayer", apart, suffix="_above")
    return function_of(node, positive, "sign")


def _line(node: Node, value: Value, sign: int, offset: Array) -> Value:
    """`sign * x + offset`, apart from the layer that computes x, which others may read."""
    value, offset = spread(node, value, offset)
    if sign == 1 and not offset.value.any():
        return value
    scale = ones(1) if sign == 1 else Array(-ones(1).value, "")
    arrays = {"Scale": scale, "Offset": offset}
    return node.elementwise("ScalingLayer", value, {}, arrays, suffix="_apart")


def _not(node: Node, value: Value) -> Value:
    return scaled(node, value, -1.0, 1.0, "_not")
