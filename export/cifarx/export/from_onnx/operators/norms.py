"""Norms and other sums of functions, over channels, features or space, composed of layers."""

from __future__ import annotations

import numpy as np

from cifarx.export.from_onnx.materialize import all_features, made_up_convolution, maps
from cifarx.export.from_onnx.node import Node, reads, zeros
from cifarx.export.from_onnx.operators.arithmetic import (
    difference,
    function_of,
    product,
    scaled,
)
from cifarx.export.from_onnx.operators.reductions import reduced as over_axes
from cifarx.export.from_onnx.value import Value, pooled_channels
from cifarx.export.network.layer import Array
from cifarx.pytorch_models.errors import UnsupportedError

_WHERE = "over channels, features, or height and width"


@reads("ReduceL1", "ElementwiseLayer and a sum", _WHERE)
def l1_norm(node: Node) -> None:
    """The sum of absolute values."""
    node.give(_reduced(node, function_of(node, node.value(0), "abs", "_abs")))


@reads("ReduceL2", "MultiplicationLayer, a sum and ElementwiseLayer", _WHERE)
def l2_norm(node: Node) -> None:
    """The root of the sum of squares."""
    value = node.value(0)
    node.give(function_of(node, _reduced(node, product(node, value, value)), "sqrt", "_root"))


@reads("ReduceSumSquare", "MultiplicationLayer and a sum", _WHERE)
def sum_of_squares(node: Node) -> None:
    """The sum of squares."""
    value = node.value(0)
    node.give(_reduced(node, product(node, value, value)))


@reads("ReduceLogSum", "a sum and ElementwiseLayer", _WHERE)
def log_of_sum(node: Node) -> None:
    """The logarithm of the sum."""
    node.give(function_of(node, _reduced(node, node.value(0)), "log", "_log"))


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
    channels = _axes(node, value) == [1] and value.order is None
    if not channels:
        raise UnsupportedError("over something other than channels or features")
    if len(value.shape) == 1:
        value = all_features(node, value)
    weights = node.elementwise("SoftmaxLayer", value, suffix="_weights")
    normalized = node.elementwise("LogSoftmaxLayer", value, suffix="_normalized")
    total = difference(node, value, normalized)
    assert isinstance(total, Value)
    node.give(_reduced(node, product(node, weights, total)))


def _axes(node: Node, value: Value) -> list[int]:
    """The axes that are reduced, the batch being 0."""
    rank = len(value.shape) + 1
    given = node.fixed(1, "axes")
    if (given is None or given.size == 0) and node.attribute("noop_with_empty_axes", 0):
        return []
    axes = range(rank) if given is None or given.size == 0 else given
    return sorted(int(a) % rank for a in axes)


def _reduced(node: Node, value: Value) -> Value:
    """The sum over the axes of the node."""
    axes, keep = _axes(node, value), bool(node.attribute("keepdims", 1))
    if 0 in axes:
        raise UnsupportedError("over the batch")
    return summed(node, value, [a - 1 for a in axes], keep=keep)


def summed(node: Node, value: Value, axes: list[int], *, keep: bool) -> Value:
    """The sum of a value over some of its axes, of which 0 is the first after the batch.

    Sums over space are means times the number of pixels; over channels, convolutions with kernels
    of ones; over features, linear layers with such weights.

    Args:
        node: that the layers are for.
        value: maps with their axes in any order, or features.
        axes: to sum over.
        keep: whether these axes stay, with length 1.
    """
    reduced = [a for a in axes if value.shape[a] > 1]
    if reduced and len(value.shape) == 1:
        value = _over_features(node, value)
    elif reduced:
        value = _over_maps(node, value, reduced)
    shape = tuple(n for a, n in enumerate(value.shape) if keep or a not in axes)
    return value.rearranged(value.index.reshape(shape))


def _over_features(node: Node, value: Value) -> Value:
    value = all_features(node, value)
    weights = Array(np.ones((1, value.shape[0]), node.reading.dtype), "")
    arrays = {"Weights": weights, "Bias": zeros(1)}
    layer = node.add("FullyConnectedLayer", (value.layer,), {}, arrays, suffix="_sum")
    return Value(layer, (1,))


def _over_maps(node: Node, value: Value, reduced: list[int]) -> Value:
    """With length 1 along the axes that are reduced."""
    shape = tuple(1 if a in reduced else n for a, n in enumerate(value.shape))
    kept = [a for a in range(len(value.shape)) if a not in reduced]
    rows = value.index.transpose(*kept, *reduced)
    rows = rows.reshape(-1, int(np.prod([value.shape[a] for a in reduced])))
    size = node.reading.shapes[value.layer]
    channels = pooled_channels(rows, (size[0], size[1], size[2])) if len(size) == 3 else None
    if channels is not None:
        mean = node.add("GlobalAveragePooling2DLayer", (value.layer,), suffix="_mean")
        mean_value = Value(mean, shape, channels.reshape(shape))
        return scaled(node, mean_value, float(rows.shape[1]), 0.0, "_sum")
    if len(value.shape) != 3:  # such as pixels and channels, or stacked maps
        return over_axes(node, value, reduced, "sum", keep=True)
    if len(reduced) > 1:  # one after the other: over space, then over channels
        first = next((a for a in reduced if _is_channels(node, value, a)), None)
        if first is None:
            raise UnsupportedError(_unknown(value, reduced))
        space = [a for a in reduced if a != first]
        return _over_maps(node, _over_maps(node, value, space), [first])
    (axis,) = reduced
    others = [a for a in range(3) if a != axis]
    layer = maps(node, value.rearranged(value.index.transpose(axis, *others)))
    kernels = np.ones((1, value.shape[axis], 1, 1), node.reading.dtype)
    layer = made_up_convolution(
        node, layer, kernels, (1, 1), (0, 0, 0, 0), by_channel=False, suffix="_sum"
    )
    index = np.arange(int(np.prod(shape))).reshape(shape)
    return Value(layer, shape, index)


def _is_channels(node: Node, value: Value, axis: int) -> bool:
    """Whether one step along an axis of the value is a step to another channel of its layer."""
    size = node.reading.shapes[value.layer]
    channel = value.index // int(np.prod(size[1:]))
    return bool((np.diff(channel, axis=axis) != 0).all())


def _unknown(value: Value, reduced: list[int]) -> str:
    axes = [a + 1 for a in reduced]
    return f"over the axes {axes} of N x {' x '.join(map(str, value.shape))}"
