"""Norms and other sums of functions, composed of those functions and `reductions`."""

from __future__ import annotations

from cifarx.export.from_onnx.materialize import all_features
from cifarx.export.from_onnx.node import Node, reads
from cifarx.export.from_onnx.operators.arithmetic import difference, function_of, product
from cifarx.export.from_onnx.operators.reductions import reduced, reduced_axes
from cifarx.export.from_onnx.value import Value
from cifarx.pytorch_models.errors import UnsupportedError

_WHERE = "as ReduceSum"


@reads("ReduceL1", "ElementwiseLayer and a sum", _WHERE)
def l1_norm(node: Node) -> None:
    """The sum of absolute values."""
    node.give(_summed(node, function_of(node, node.value(0), "abs", "_abs")))


@reads("ReduceL2", "MultiplicationLayer, a sum and ElementwiseLayer", _WHERE)
def l2_norm(node: Node) -> None:
    """The root of the sum of squares."""
    value = node.value(0)
    node.give(function_of(node, _summed(node, product(node, value, value)), "sqrt", "_root"))


@reads("ReduceSumSquare", "MultiplicationLayer and a sum", _WHERE)
def sum_of_squares(node: Node) -> None:
    """The sum of squares."""
    value = node.value(0)
    node.give(_summed(node, product(node, value, value)))


@reads("ReduceLogSum", "a sum and ElementwiseLayer", _WHERE)
def log_of_sum(node: Node) -> None:
    """The logarithm of the sum."""
    node.give(function_of(node, _summed(node, node.value(0)), "log", "_log"))


@reads(
    "ReduceLogSumExp",
    "SoftmaxLayer, LogSoftmaxLayer, AdditionLayer, MultiplicationLayer and a sum",
    "over channels or features",
)
def log_of_sum_of_exponentials(node: Node) -> None:
    """The logarithm of the sum of exponentials, without any that overflow.

    It is x - log_softmax(x) of any element; of their mean, weighted by softmax(x), the elements
    that lie far below the largest have no part, nor have their roundings.
    """
    value = node.value(0)
    if reduced_axes(node, value) != [0] or value.order is not None:
        raise UnsupportedError("over something other than channels or features")
    if len(value.shape) == 1:
        value = all_features(node, value)
    weights = node.elementwise("SoftmaxLayer", value, suffix="_weights")
    normalized = node.elementwise("LogSoftmaxLayer", value, suffix="_normalized")
    total = difference(node, value, normalized)
    node.give(_summed(node, product(node, weights, total)))


def _summed(node: Node, value: Value) -> Value:
    keep = bool(node.attribute("keepdims", 1))
    return reduced(node, value, reduced_axes(node, value), "sum", keep=keep)
