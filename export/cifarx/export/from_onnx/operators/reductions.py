"""Means, sums and maxima over space, channels, stacked maps or features."""

from __future__ import annotations

from functools import reduce

import numpy as np

from cifarx.export.from_onnx.materialize import features, maps
from cifarx.export.from_onnx.node import Node, reads
from cifarx.export.from_onnx.operators.arithmetic import combined, scaled
from cifarx.export.from_onnx.operators.channels import combined_channels
from cifarx.export.from_onnx.value import (
    Index,
    Value,
    as_channels,
    channels_last,
    is_all_in_order,
    pooled_channels,
)
from cifarx.export.network.layer import Hyper, Shape
from cifarx.pytorch_models.errors import UnsupportedError

_SPACE = "GlobalAveragePooling2DLayer; AveragePooling2DLayer over one axis"
_OTHERS = "Convolution2DLayer over channels, FullyConnectedLayer over features"
_WHERE = "not over the batch; over height, width, channels, stacked maps or features"


@reads("ReduceMean", f"{_SPACE}; {_OTHERS}", _WHERE)
def mean(node: Node) -> None:
    """PyTorch's pooling to 1x1, `x.mean((2, 3))` and `x.mean(1)`."""
    _reduce(node, "mean")


@reads("ReduceSum", f"as ReduceMean, and a ScalingLayer over space; {_OTHERS}", _WHERE)
def total(node: Node) -> None:
    """`x.sum((2, 3))`, the mean times the number of pixels; `x.sum(1)` of channels is exact."""
    _reduce(node, "sum")


@reads(
    "ReduceMax",
    "GlobalMaxPooling2DLayer, MaxPooling2DLayer over one axis; BinaryElementwiseLayers of halves "
    "over channels and features",
    _WHERE,
)
def maximum(node: Node) -> None:
    """`x.amax((2, 3))`, `x.amax(1)`."""
    _reduce(node, "max")


@reads("ReduceMin", "as ReduceMax, between two ScalingLayers", _WHERE)
def minimum(node: Node) -> None:
    """`x.amin((2, 3))`, the negative maximum of the negative."""
    _reduce(node, "min")


def _reduce(node: Node, how: str) -> None:
    value = node.value(0)
    axes = reduced_axes(node, value)
    keep = bool(node.attribute("keepdims", 1))
    if not axes:
        node.give(value)
    elif how == "min":
        turned = scaled(node, value, -1.0, 0.0, "_turned")
        largest = reduced(node, turned, axes, "max", keep=keep)
        node.give(scaled(node, largest, -1.0, 0.0, "_back"))
    else:
        node.give(reduced(node, value, axes, how, keep=keep))


def reduced_axes(node: Node, value: Value) -> list[int]:
    """The axes that a node reduces, of which 0 follows the batch; none if it has no effect."""
    rank = len(value.shape) + 1
    given = node.fixed(1, "axes")
    if given is None or not given.size:
        if node.attribute("noop_with_empty_axes", 0):
            return []
        given = np.arange(rank)
    axes = sorted({int(a) % rank for a in given})
    if axes[0] == 0:
        raise UnsupportedError("over the batch")
    return [a - 1 for a in axes]


def reduced(node: Node, value: Value, axes: list[int], how: str, *, keep: bool) -> Value:
    """The mean, sum or maximum (`how`) over some axes of a value, of which 0 follows the batch."""
    kept = [a for a in range(len(value.shape)) if a not in axes]
    shape = tuple(1 if a in axes else n for a, n in enumerate(value.shape) if keep or a in kept)
    each = int(np.prod([value.shape[a] for a in axes]))
    rows = value.index.transpose(*kept, *axes).reshape(-1, each)
    if each == 1:
        return value.rearranged(value.index.reshape(shape))
    size = node.reading.shapes[value.layer]
    channels = pooled_channels(rows, (size[0], size[1], size[2])) if len(size) == 3 else None
    if channels is not None:
        pooled = Value(_global(node, value.layer, how), shape, channels.reshape(shape))
        return _times_count(node, pooled, each, how)
    pixels = int(np.prod(size[1:]))
    if pixels == 1 or len(value.shape) == 1:
        layer = value.layer if pixels == 1 else features(node, value).layer
        return _whole(_over_channels(node, layer, rows, how), shape)
    if len(axes) == 1 and len(size) == 3:
        moved = np.moveaxis(value.index, axes[0], -1)
        places = channels_last(moved, (size[0], size[1], size[2]))
        if places is not None:
            layer = _over_channels(node, value.layer, np.arange(size[0])[None], how)
            return Value(layer, shape, places.reshape(shape))
    if len(value.shape) == 3:
        layer, count = _over_space(node, maps(node, value), value.shape, axes, how)
        if 0 in axes:
            layer = _over_channels(node, layer, np.arange(value.shape[0])[None], how)
        return _times_count(node, _whole(layer, shape), count, how)
    if len(value.shape) > 3 and max(axes) < len(value.shape) - 2:
        return _over_stacks(node, value, axes, how, shape)
    raise UnsupportedError(
        f"over the axes {[a + 1 for a in axes]} of N x {' x '.join(map(str, value.shape))}"
    )


def _whole(layer: str, shape: Shape) -> Value:
    return Value(layer, shape, np.arange(int(np.prod(shape))).reshape(shape))


def _times_count(node: Node, value: Value, count: int, how: str) -> Value:
    return scaled(node, value, float(count), 0.0, "_sum") if how == "sum" else value


def _global(node: Node, layer: str, how: str) -> str:
    kind = "GlobalMaxPooling2DLayer" if how == "max" else "GlobalAveragePooling2DLayer"
    return node.add(kind, (layer,))


def _over_space(node: Node, layer: str, shape: Shape, axes: list[int], how: str) -> tuple[str, int]:
    """Pooled over height, width or both; and how many pixels a mean has to be multiplied by."""
    space = [a for a in axes if a > 0]
    if not space:
        return layer, 1
    pixels = int(np.prod([shape[a] for a in space]))
    if space == [1, 2]:
        return _global(node, layer, how), pixels
    window = (shape[1], 1) if space == [1] else (1, shape[2])
    hyper: dict[str, Hyper] = {"PoolSize": window, "Stride": (1, 1), "Padding": (0, 0, 0, 0)}
    if how == "max":
        return node.add("MaxPooling2DLayer", (layer,), hyper), pixels
    return node.add("AveragePooling2DLayer", (layer,), hyper | {"PaddingValue": 0.0}), pixels


def _over_stacks(node: Node, value: Value, axes: list[int], how: str, shape: Shape) -> Value:
    """Over axes of stacked maps before height and width."""
    layer = maps(node, as_channels(value))
    stack = value.shape[:-2]
    kept = [a for a in range(len(stack)) if a not in axes]
    sets = np.arange(int(np.prod(stack))).reshape(stack).transpose(*kept, *axes)
    sets = sets.reshape(int(np.prod([stack[a] for a in kept])), -1)
    return _whole(_over_channels(node, layer, sets, how), shape)


def _over_channels(node: Node, layer: str, sets: Index, how: str) -> str:
    """Over sets (n, k) of the channels of maps, or of features: (n, H, W) or (n,)."""
    stacked = node.reading.layer(layer)
    count = sets.shape[1]
    in_order = is_all_in_order(sets.T, node.reading.shapes[layer][0])
    if stacked is not None and stacked.kind == "DepthConcatenationLayer" and in_order:
        inputs = stacked.inputs
        if all(node.reading.shapes[given][0] == len(sets) for given in inputs) and how != "max":
            total = reduce(lambda a, b: node.add("AdditionLayer", (a, b)), inputs)
            whole = Value(total, node.reading.shapes[total])
            return scaled(node, whole, 1 / count if how == "mean" else 1.0, 0.0, "_mean").layer
    if how == "max":
        return _largest(node, layer, sets)
    kernels = np.zeros((len(sets), node.reading.shapes[layer][0]))
    kernels[np.arange(len(sets))[:, None], sets] = 1 / count if how == "mean" else 1
    return combined_channels(node, layer, kernels, "")


def _largest(node: Node, layer: str, sets: Index) -> str:
    """Maxima of the first half of each set and the rest, again and again; an odd one is in both."""
    while sets.shape[1] > 1:
        middle = (sets.shape[1] + 1) // 2
        halves = []
        for part in (sets[:, :middle], sets[:, -middle:]):
            kernels = np.zeros((part.size, node.reading.shapes[layer][0]))
            kernels[np.arange(part.size), part.ravel()] = 1
            taken = combined_channels(node, layer, kernels, "_take")
            halves.append(Value(taken, node.reading.shapes[taken]))
        layer = combined(node, halves[0], halves[1], "max").layer
        sets = np.arange(len(sets) * middle).reshape(-1, middle)
    return layer
