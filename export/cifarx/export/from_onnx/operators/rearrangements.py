"""Operators that only rearrange (reshape, transpose, slice), and operators without effect.

The batch is treated like any other axis, as exporters merge it with others and split it off again;
an operator that computes must find it first again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx

from cifarx.export.from_onnx.node import Node, reads
from cifarx.export.from_onnx.value import Index, Mixed, Value, is_all_in_order, of_each_image
from cifarx.pytorch_models.errors import UnsupportedError

_TAKEN = "none, or a 1x1 convolution or pooling that selects"


def rearranged(node: Node, layer: str, index: Index, output: int = 0) -> None:
    """Set an output to a batch of a layer's outputs in another order.

    Flattened maps become the output of a FlattenLayer.

    Args:
        node: whose output it is.
        layer: whose outputs are rearranged.
        index: of the batch's shape: positions in a batch of the layer's outputs.
        output: number of the node's output.
    """
    shape = node.reading.shapes[layer]
    size = int(np.prod(shape))
    of_one = of_each_image(index, node.reading.batch, size)
    if of_one is None:
        what = f"{node.proto.op_type} {node.proto.name}".strip()
        node.give(Mixed(layer, index, what), output)
    elif is_all_in_order(of_one, size) and of_one.ndim == 1 and len(shape) == 3:
        node.give(Value(node.add("FlattenLayer", (layer,)), (size,)), output)
    elif is_all_in_order(of_one, size) and of_one.shape == shape:
        node.give(Value(layer, shape), output)
    else:
        node.give(Value(layer, of_one.shape, of_one), output)


def _axes(node: Node, i: int, rank: int) -> list[int] | None:
    given = node.fixed(i, "axes")
    return None if given is None else [int(a) % rank for a in given.reshape(-1)]


@reads("Reshape", f"FlattenLayer if it flattens; else {_TAKEN}")
def reshape(node: Node) -> None:
    """To any shape."""
    layer, index = node.in_batch(0)
    target = node.fixed(1, "shape")
    if target is None:
        raise UnsupportedError("no shape")
    sizes = [int(n) for n in target]
    if not node.attribute("allowzero", 0):
        sizes = [index.shape[i] if n == 0 and i < index.ndim else n for i, n in enumerate(sizes)]
    try:
        rearranged(node, layer, index.reshape(sizes))
    except ValueError as error:
        raise UnsupportedError(f"to {sizes} of {_text(index.shape)}") from error


@reads("Flatten", "FlattenLayer")
def flatten(node: Node) -> None:
    """To two axes."""
    layer, index = node.in_batch(0)
    axis = node.attribute("axis", 1)
    first = int(np.prod(index.shape[: axis if axis >= 0 else axis + index.ndim]))
    rearranged(node, layer, index.reshape(first, -1))


@reads("Squeeze", f"FlattenLayer if it flattens; else {_TAKEN}")
def squeeze(node: Node) -> None:
    """Removes axes of length 1."""
    layer, index = node.in_batch(0)
    axes = _axes(node, 1, index.ndim)
    if axes is None:
        axes = [a for a, n in enumerate(index.shape) if n == 1]
    if any(index.shape[a] != 1 for a in axes):
        raise UnsupportedError(f"of the axes {axes} of {_text(index.shape)}")
    rearranged(node, layer, index.squeeze(tuple(axes)))


@reads("Unsqueeze", _TAKEN)
def unsqueeze(node: Node) -> None:
    """Inserts axes of length 1."""
    layer, index = node.in_batch(0)
    given = node.fixed(1, "axes")
    if given is None:
        raise UnsupportedError("no axes")
    rearranged(node, layer, np.expand_dims(index, tuple(int(a) for a in given.reshape(-1))))


@reads("Transpose", _TAKEN)
def transpose(node: Node) -> None:
    """Of any axes."""
    layer, index = node.in_batch(0)
    order = node.attribute("perm") or list(range(index.ndim))[::-1]
    rearranged(node, layer, index.transpose(order))


@reads("Slice", _TAKEN)
def take_slice(node: Node) -> None:
    """Of any axes, with steps."""
    layer, index = node.in_batch(0)
    starts, ends = node.fixed(1, "starts"), node.fixed(2, "ends")
    if starts is None or ends is None:
        raise UnsupportedError("no starts or ends")
    axes, steps = _axes(node, 3, index.ndim), node.fixed(4)
    chosen = list(range(len(starts))) if axes is None else axes
    full = [slice(None)] * index.ndim
    for i, axis in enumerate(chosen):
        step, start, end = 1 if steps is None else int(steps[i]), int(starts[i]), int(ends[i])
        to_the_first = step < 0 and end < -index.shape[axis]
        full[axis] = slice(start, None if to_the_first else end, step)
    taken = index[tuple(full)]
    if not taken.size:
        raise UnsupportedError("of nothing")
    rearranged(node, layer, taken)


@reads("Split", _TAKEN)
def split(node: Node) -> None:
    """Into parts along one axis."""
    layer, index = node.in_batch(0)
    axis = node.attribute("axis", 0)
    sizes = node.fixed(1, "split")
    parts = node.attribute("num_outputs", len(node.proto.output))
    whole = index.shape[axis]
    if sizes is None:
        each = -(-whole // parts)
        sizes = np.array([min(each, whole - i * each) for i in range(parts)])
    if sizes.sum() != whole or sizes.min() < 1 or len(sizes) != parts:
        raise UnsupportedError(f"of {whole} into {sizes.tolist()}")
    for i, part in enumerate(np.split(index, np.cumsum(sizes)[:-1], axis)):
        if node.proto.output[i]:
            rearranged(node, layer, part, i)


@reads("Gather", _TAKEN, "constant indices")
def gather(node: Node) -> None:
    """Of constant positions along one axis."""
    layer, index = node.in_batch(0)
    positions = node.fixed(1)
    if positions is None:
        raise UnsupportedError("no indices")
    rearranged(node, layer, np.take(index, positions, node.attribute("axis", 0)))


@reads("GatherND", _TAKEN, "constant indices, batch_dims 0")
def gather_at(node: Node) -> None:
    """Of constant positions along the first axes."""
    layer, index = node.in_batch(0)
    positions = node.fixed(1)
    if positions is None or node.attribute("batch_dims", 0):
        raise UnsupportedError("no indices, or batch_dims")
    if positions.shape[-1] > index.ndim:
        raise UnsupportedError(f"of {positions.shape[-1]} axes of {_text(index.shape)}")
    rearranged(node, layer, index[tuple(np.moveaxis(positions, -1, 0))])


@reads("Expand", _TAKEN)
def expand(node: Node) -> None:
    """Repeats along axes of length 1."""
    layer, index = node.in_batch(0)
    target = node.fixed(1)
    if target is None:
        raise UnsupportedError("no shape")
    try:
        shape = np.broadcast_shapes(index.shape, tuple(int(n) for n in target))
    except ValueError as error:
        raise UnsupportedError(f"of {_text(index.shape)} to {target.tolist()}") from error
    rearranged(node, layer, np.broadcast_to(index, shape))


@reads("Cast", "none", "to float32")
def cast(node: Node) -> None:
    """No effect, as all values are of one type."""
    if node.attribute("to") != onnx.helper.np_dtype_to_tensor_dtype(np.dtype(node.reading.dtype)):
        raise UnsupportedError("to another type than float32")
    node.give(node.value(0))


@reads("CastLike", "none", "to float32")
def cast_like(node: Node) -> None:
    """No effect, as Cast."""
    given = node.constant(0)
    if given is None:
        node.give(node.value(0))
    else:  # like a computed value, which has the network's type
        node.reading.constants[node.proto.output[0]] = np.asarray(given, node.reading.dtype)


@reads("Identity", "none")
def identity(node: Node) -> None:
    """No effect."""
    node.give(node.value(0))


@reads("Shape", "none, a constant")
def shape_of(node: Node) -> None:
    """The shape of a batch; values computed from it are constant, too."""
    _, index = node.in_batch(0)
    full = np.array(index.shape, np.int64)
    start, end = node.attribute("start", 0), node.attribute("end")
    node.reading.constants[node.proto.output[0]] = full[start:end]


def _text(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
