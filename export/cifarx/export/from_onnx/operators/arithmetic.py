"""Sums and products, of layers and with constants, and concatenation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from cifarx.export.from_onnx.materialize import all_features, features, features_in_order, maps
from cifarx.export.from_onnx.node import Node, ones, reads, zeros
from cifarx.export.from_onnx.value import Value, as_channels, is_permutation
from cifarx.export.network.layer import Array, Layer, Shape
from cifarx.pytorch_models.errors import GraphError, UnsupportedError

_OFFSETS = ("Bias", "Offset")
_ORDERS = ((0, 1, 2), (1, 2, 0))  # channels first, and channels last


@reads("Add", "AdditionLayer; ScalingLayer or a bias where one is constant", "inputs of one size")
def addition(node: Node) -> None:
    """Of the outputs of two layers, or of one and a number per channel."""
    node.give(sum_of(node, operands(node)))


@reads("Sum", "AdditionLayers, one fewer than inputs", "inputs of one size")
def several_additions(node: Node) -> None:
    """Of any number of inputs, from left to right."""
    node.give(sum_of(node, operands(node)))


@reads("Sub", "ScalingLayer and AdditionLayer", "inputs of one size")
def subtraction(node: Node) -> None:
    """`x - c` and `c - x` as a scaling; of two layers, the second times -1 is added."""
    node.give(difference(node, *operands(node)))


def difference(node: Node, first: Value | Array, second: Value | Array) -> Value:
    """The first less the second; one of them is a value."""
    if isinstance(second, Value):
        second = scaled(node, second, -1.0, 0.0, "_negated")
    else:
        second = Array(0 - second.value, "")  # 0 of 0, not -0, which model.onnx would not keep
    return sum_of(node, [first, second])


@reads("Mul", "MultiplicationLayer; ScalingLayer or a scale where one is constant")
def multiplication(node: Node) -> None:
    """Of the outputs of two layers, with broadcasting, or of one and a number per channel."""
    first, second = operands(node)
    if isinstance(first, Value) and isinstance(second, Value):
        node.give(product(node, first, second))
    elif isinstance(first, Value):
        node.give(times(node, first, second))  # type: ignore[arg-type]
    else:
        node.give(times(node, second, first))  # type: ignore[arg-type]


@reads(
    "Div",
    "BinaryElementwiseLayer; for a constant divisor ScalingLayer; for a constant dividend "
    "ElementwiseLayer and ScalingLayer",
)
def division(node: Node) -> None:
    """Of two layers, with broadcasting; by constants, as a multiplication by their reciprocals."""
    first, second = operands(node)
    if isinstance(second, Value):
        if isinstance(first, Value):
            node.give(combined(node, first, second, "divide"))
            return
        inverted = function_of(node, second, "reciprocal", "_reciprocal")
        node.give(inverted if _is_one(first) else times(node, inverted, first))
        return
    assert isinstance(first, Value)  # a node whose inputs are all constant is evaluated
    with np.errstate(divide="ignore", over="ignore"):
        inverse = (1 / second.value.astype(np.float64)).astype(node.reading.dtype)
    if not np.isfinite(inverse).all():
        raise UnsupportedError("by a number whose reciprocal exceeds float32")
    node.give(times(node, first, Array(inverse, "")))


@reads("Neg", "ScalingLayer")
def negation(node: Node) -> None:
    """Times -1."""
    node.give(scaled(node, node.value(0), -1.0, 0.0, ""))


def operands(node: Node) -> list[Value | Array]:
    """The inputs of a node, computed ones and constants."""
    given: list[Value | Array] = []
    for i, name in enumerate(node.proto.input):
        given.append(node.array(i) if name in node.reading.constants else node.value(i))
    return given


def sum_of(node: Node, operands: Sequence[Value | Array]) -> Value:
    """The values added from left to right, then the constants."""
    values = [v for v in operands if isinstance(v, Value)]
    total = reduce(lambda a, b: _added(node, a, b), values)
    for array in operands:
        if isinstance(array, Array):
            total = plus(node, total, array)
    return total


def _added(node: Node, first: Value, second: Value) -> Value:
    if len(first.shape) == len(second.shape):
        first, second = _broadcast(first, second)
    a, b, order = _alike(node, first, second)
    if node.reading.shapes[a] != node.reading.shapes[b]:
        raise UnsupportedError(
            f"of sizes that differ, N x {' x '.join(map(str, first.shape))} and "
            f"N x {' x '.join(map(str, second.shape))}"
        )
    return Value(node.add("AdditionLayer", (a, b)), *order)


def _broadcast(first: Value, second: Value) -> tuple[Value, Value]:
    """Both expanded to one size, which AdditionLayer requires."""
    try:
        shape = np.broadcast_shapes(first.shape, second.shape)
    except ValueError:
        return first, second  # the caller reports it
    stretched = (
        v if v.shape == shape else v.rearranged(np.broadcast_to(v.index, shape))
        for v in (first, second)
    )
    return next(stretched), next(stretched)


def product(node: Node, first: Value, second: Value) -> Value:
    """A MultiplicationLayer of two values."""
    a, b, order = _alike(node, first, second)
    return Value(node.add("MultiplicationLayer", (a, b)), *order)


def function_of(node: Node, value: Value, function: str, suffix: str = "") -> Value:
    """An ElementwiseLayer; see `vocabulary.ONE_TO_ONE`."""
    return node.elementwise("ElementwiseLayer", value, {"Function": function}, suffix=suffix)


def combined(node: Node, first: Value, second: Value, function: str, suffix: str = "") -> Value:
    """A BinaryElementwiseLayer of two values; see `vocabulary.TWO_TO_ONE`."""
    shape = np.broadcast_shapes(first.shape, second.shape)
    a, b, order = _alike(node, *(_narrowed(v) for v in (first, second)))
    layer = node.add("BinaryElementwiseLayer", (a, b), {"Function": function}, suffix=suffix)
    value = Value(layer, *order)
    return value if value.shape == shape else value.rearranged(np.broadcast_to(value.index, shape))


def _narrowed(value: Value) -> Value:
    """A value without the repetitions that Expand made; the layer that reads it repeats it."""
    index = value.index
    for axis, count in enumerate(index.shape):
        first = index.take([0], axis)
        if count > 1 and (index == first).all():
            index = first
    return value if index.shape == value.shape else value.rearranged(index)


def _is_one(array: Array) -> bool:
    return array.value.shape == () and float(array.value) == 1


def _alike(
    node: Node, first: Value, second: Value
) -> tuple[str, str, tuple[Shape, NDArray[np.int64] | None]]:
    """Layers that hold two values in the same order, and that order, expanded to the larger."""
    shapes = node.reading.shapes
    same = first.shape == second.shape and shapes[first.layer] == shapes[second.layer]
    if same and np.array_equal(first.index, second.index):
        return first.layer, second.layer, (first.shape, first.order)
    if len(first.shape) == len(second.shape) == 1:
        a, b = features_in_order(node, first), features_in_order(node, second)
        return a, b, ((max(first.shape[0], second.shape[0]),), None)
    if len(first.shape) == len(second.shape) > 3:
        return _alike_stacks(node, first, second)
    if len(first.shape) == len(second.shape) == 2:
        try:
            a, b, (shape, order) = _alike(node, first.in_row(), second.in_row())
        except (UnsupportedError, GraphError):  # not signals
            return _alike_pixels(node, first, second)
        rows = Value(a, shape, order).index[:, 0]
        return a, b, (rows.shape, rows)
    problem: Exception | None = None
    for axes in _ORDERS if len(first.shape) == len(second.shape) == 3 else ():
        back = tuple(int(i) for i in np.argsort(axes))
        try:
            a, b = (maps(node, v.rearranged(v.index.transpose(back))) for v in (first, second))
        except (UnsupportedError, GraphError) as error:
            problem = problem or error
            continue
        whole = np.broadcast_shapes(shapes[a], shapes[b])
        index = np.arange(int(np.prod(whole))).reshape(whole).transpose(axes)
        return a, b, (index.shape, None if axes == (0, 1, 2) else index)
    if problem is not None:
        raise UnsupportedError(str(problem)) from problem
    raise UnsupportedError(
        f"of N x {' x '.join(map(str, first.shape))} and N x {' x '.join(map(str, second.shape))}"
    )


def _alike_stacks(
    node: Node, first: Value, second: Value
) -> tuple[str, str, tuple[Shape, NDArray[np.int64] | None]]:
    """The same for stacked maps (..., H, W), as channels."""
    try:
        stack = np.broadcast_shapes(first.shape[:-2], second.shape[:-2])
    except ValueError as error:
        raise UnsupportedError(f"of {first.shape} and {second.shape}") from error
    wide = (
        as_channels(v.rearranged(np.broadcast_to(v.index, (*stack, *v.shape[-2:]))))
        for v in (first, second)
    )
    a, b, (shape, order) = _alike(node, *wide)
    index = np.arange(int(np.prod(shape))) if order is None else order
    index = index.reshape(*stack, *shape[-2:])
    return a, b, (index.shape, index)


def _alike_pixels(
    node: Node, first: Value, second: Value
) -> tuple[str, str, tuple[Shape, NDArray[np.int64] | None]]:
    """The same for pixels and channels (HW, C), or channels and pixels (C, HW), as maps."""
    sizes = [node.reading.shapes[v.layer][1:] for v in (first, second)]
    size = max(sizes, key=lambda lengths: int(np.prod(lengths)))
    problem = f"of N x {first.shape[0]} x {first.shape[1]} and N x "
    problem += f"{second.shape[0]} x {second.shape[1]}"
    for pixels_first in (True, False):
        both = []
        for value in (first, second):
            index = value.index.T if pixels_first else value.index
            if len(size) == 2 and index.shape[1] in (1, int(np.prod(size))):
                wide = size if index.shape[1] > 1 else (1, 1)
                both.append(value.rearranged(index.reshape(-1, *wide)))
        if len(both) < 2:
            continue
        try:
            a, b, (shape, order) = _alike(node, *both)
        except (UnsupportedError, GraphError) as error:
            problem = str(error)
            continue
        whole = np.arange(int(np.prod(shape))) if order is None else order
        whole = whole.reshape(shape[0], -1)
        whole = whole.T if pixels_first else whole
        return a, b, (whole.shape, whole)
    raise UnsupportedError(problem)


def scaled(node: Node, value: Value, scale: float, offset: float, suffix: str) -> Value:
    """A ScalingLayer with one scale and one offset; the value itself if they change nothing."""
    if (scale, offset) == (1, 0):
        return value
    arrays = {
        "Scale": Array(np.array([scale], node.reading.dtype), ""),
        "Offset": Array(np.array([offset], node.reading.dtype), ""),
    }
    return node.elementwise("ScalingLayer", value, {}, arrays, suffix=suffix)


def times(node: Node, value: Value, factor: Array) -> Value:
    """As scale of the normalization before it if that has none, else as a ScalingLayer."""
    value, factor = spread(node, value, factor)
    layer = node.reading.layer(value.layer)
    if layer is not None and _is_neutral(layer):
        channels = layer.arrays["Scale"].value.shape
        if factor.value.shape in (channels, (1,)):
            whole = replace(factor, value=np.broadcast_to(factor.value, channels).copy())
            return _instead(node, value, layer, "Scale", whole)
    arrays = {"Scale": factor, "Offset": zeros(1)}
    return node.elementwise("ScalingLayer", value, {}, arrays)


def plus(node: Node, value: Value, offset: Array) -> Value:
    """As bias of the layer before it if that has none, else as a ScalingLayer."""
    value, offset = spread(node, value, offset)
    layer = node.reading.layer(value.layer)
    for key in _OFFSETS if layer is not None else ():
        assert layer is not None
        own = layer.arrays.get(key)
        if own is None or own.source or own.value.any():
            continue
        if layer.kind == "ScalingLayer":
            return _instead(node, value, layer, key, offset)
        if offset.value.shape in (own.value.shape, (1,)):
            whole = replace(offset, value=np.broadcast_to(offset.value, own.value.shape).copy())
            return _instead(node, value, layer, key, whole)
    return node.elementwise("ScalingLayer", value, {}, {"Scale": ones(1), "Offset": offset})


def _is_neutral(layer: Layer) -> bool:
    """Whether a normalization has neither scale nor offset of its own."""
    scale, offset = layer.arrays.get("Scale"), layer.arrays.get("Offset")
    if scale is None or offset is None or scale.source or offset.source:
        return False
    return bool((scale.value == 1).all() and not offset.value.any())


def _instead(node: Node, value: Value, layer: Layer, key: str, array: Array) -> Value:
    """The value of a copy of its layer with another array; unread layers are removed later."""
    changed = replace(layer, arrays={**layer.arrays, key: array})
    label = node.reading.labels[layer.name]
    if label.startswith(f"{node.label}_"):  # a part that cifarx itself wrote under that name
        label = node.label
    return value.of(node.reading.add(changed, label))


def spread(node: Node, value: Value, array: Array) -> tuple[Value, Array]:
    """A constant operand in the order of its layer: (1,), one per channel, or one per element."""
    constant = array.value
    rank = len(value.shape) + 1
    shape = (1,) * (rank - constant.ndim) + constant.shape
    wide = len(shape) > rank or shape[0] != 1
    if wide or any(k not in (1, n) for k, n in zip(shape[1:], value.shape, strict=True)):
        raise UnsupportedError(
            f"a constant of {constant.shape} that expands N x {' x '.join(map(str, value.shape))}"
        )
    if constant.size == 1:
        return value, replace(array, value=constant.reshape(1))
    size = int(np.prod(node.reading.shapes[value.layer]))
    if value.order is not None and not is_permutation(value.order, size):
        flat = len(value.shape) == 1
        value = all_features(node, value) if flat else Value(maps(node, value), value.shape)
    layer_shape = node.reading.shapes[value.layer]
    whole = node.laid_out(value, np.broadcast_to(constant.reshape(shape[1:]), value.shape))
    whole = whole.reshape(layer_shape)
    first = whole.reshape(len(whole), -1)[:, :1]
    by_channel = bool((whole.reshape(len(whole), -1) == first).all())
    small = np.ascontiguousarray(first.reshape(-1) if by_channel else whole)
    kept = np.array_equal(small.ravel(), constant.ravel())
    return value, Array(small, array.source if kept else "")


@reads(
    "Concat",
    "DepthConcatenationLayer, ConcatenationLayer",
    "computed inputs, not along the batch",
)
def concatenation(node: Node) -> None:
    """Of maps or signals along any axis, of stacked maps before their last two, of features."""
    values = [node.value(i) for i in range(len(node.proto.input))]
    rank = len(values[0].shape) + 1
    axis = node.attribute("axis", 1) % rank
    if any(len(v.shape) + 1 != rank for v in values):
        raise UnsupportedError("of inputs with different numbers of axes")
    if len(values) == 1:
        node.give(values[0])
    elif rank == 2 and axis == 1:
        node.give(_joined_features(node, values))
    elif rank == 3 and axis:  # signals
        rows = _joined_maps(node, [v.in_row() for v in values], 2 * (axis - 1))
        node.give(rows.rearranged(rows.index[:, 0]))
    elif rank == 4 and axis:
        node.give(_joined_maps(node, values, axis - 1))
    elif rank > 4 and 0 < axis < rank - 2:
        node.give(_joined_stacks(node, values, axis - 1))
    else:
        raise UnsupportedError(f"along the axis {axis} of {rank}")


def _joined_features(node: Node, values: list[Value]) -> Value:
    flat = [features(node, v) for v in values]
    layer = node.add("ConcatenationLayer", tuple(v.layer for v in flat), {"Dim": 1.0})
    sizes = [node.reading.shapes[v.layer][0] for v in flat]
    starts = np.cumsum([0, *sizes[:-1]])
    index = np.concatenate([v.index + start for v, start in zip(flat, starts, strict=True)])
    in_order = all(v.order is None for v in flat)
    return Value(layer, index.shape, None if in_order else index)


def _joined_maps(node: Node, values: list[Value], axis: int) -> Value:
    problem: Exception | None = None
    for axes in _ORDERS:
        back = tuple(int(i) for i in np.argsort(axes))
        try:
            layers = tuple(maps(node, v.rearranged(v.index.transpose(back))) for v in values)
        except (UnsupportedError, GraphError) as error:
            problem = problem or error
            continue
        along = axes[axis]
        if along == 0:
            layer = node.add("DepthConcatenationLayer", layers)
        else:
            layer = node.add("ConcatenationLayer", layers, {"Dim": float(along)})
        shape = node.reading.shapes[layer]
        index = np.arange(int(np.prod(shape))).reshape(shape).transpose(axes)
        return Value(layer, index.shape, None if axes == (0, 1, 2) else index)
    raise UnsupportedError(str(problem))


def _joined_stacks(node: Node, values: list[Value], axis: int) -> Value:
    """Stacked maps joined along one of the axes before height and width."""
    layers = tuple(maps(node, as_channels(value)) for value in values)
    layer = node.add("DepthConcatenationLayer", layers)
    starts = np.cumsum([0, *(value.index.size for value in values)])
    parts = [
        start + np.arange(value.index.size).reshape(value.shape)
        for start, value in zip(starts[:-1], values, strict=True)
    ]
    index = np.concatenate(parts, axis)
    return Value(layer, index.shape, index)
