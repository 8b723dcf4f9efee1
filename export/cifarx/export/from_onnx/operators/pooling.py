"""Pooling, local and global."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cifarx.export.from_onnx.materialize import made_up_convolution, maps
from cifarx.export.from_onnx.node import Node, reads
from cifarx.export.from_onnx.operators.windows import Sides, padding, plus, two
from cifarx.export.from_onnx.value import Value
from cifarx.export.network.layer import Hyper
from cifarx.pytorch_models.errors import UnsupportedError

_NEVER_NEGATIVE = ("ReLULayer", "ClippedReLULayer", "SigmoidLayer")


def _ceiling(node: Node, size: tuple[int, ...], window: tuple[int, int], pads: Sides) -> Sides:
    """Padding that ceil_mode adds at the bottom and at the right.

    A window that would start in that padding is left out, as in PyTorch and ONNX Runtime.
    """
    if not node.attribute("ceil_mode", 0):
        return 0, 0, 0, 0
    added = []
    for n, k, s, first, last in zip(
        size, window, two(node, "strides"), (pads[0], pads[2]), (pads[1], pads[3]), strict=True
    ):
        count = -((k - n - first - last) // s) + 1
        if (count - 1) * s >= n + first:
            count -= 1
        added.append(max(0, (count - 1) * s + k - n - first - last))
    return 0, added[0], 0, added[1]


def _pool(node: Node, layer: str) -> tuple[dict[str, Hyper], Sides, Sides]:
    """The options except padding, the padding, and the padding that ceil_mode adds."""
    if two(node, "dilations") != (1, 1):
        raise UnsupportedError("dilations")
    window, size = two(node, "kernel_shape"), node.reading.shapes[layer][1:]
    stride = two(node, "strides")
    pads = padding(node, size, window, (1, 1))
    if not node.attribute("ceil_mode", 0):
        pads = _reached(pads, size, window, stride)
    hyper: dict[str, Hyper] = {"PoolSize": window, "Stride": stride}
    return hyper, pads, _ceiling(node, size, window, pads)


def _reached(
    pads: Sides, size: tuple[int, ...], window: tuple[int, int], stride: tuple[int, int]
) -> Sides:
    """The padding; if it is too wide for MATLAB, without the part that no window reaches.

    PyTorch's exporter writes such padding for opsets without ceil_mode.
    """
    ends = []
    for n, k, s, first, last in zip(size, window, stride, pads[::2], pads[1::2], strict=True):
        unreached = (n + first + last - k) % s if last >= k else 0
        ends.append(max(0, last - unreached))
    return pads[0], ends[0], pads[2], ends[1]


@reads("MaxPool", "MaxPooling2DLayer", "no dilations, no indices as a second output")
def max_pooling(node: Node) -> None:
    """Padding never wins; ceil_mode becomes padding at the bottom and at the right."""
    if node.taken(1):
        raise UnsupportedError("indices as a second output")
    layer = maps(node, node.value(0))
    hyper, pads, added = _pool(node, layer)
    if layer in node.reading.padded and not any(pads):
        origin, before = node.reading.padded[layer]
        given = node.reading.layer(origin)
        largest = max(map(int, before))
        # a zero never exceeds values that are never negative, if each window holds one of these
        if given and given.kind in _NEVER_NEGATIVE and largest < min(two(node, "kernel_shape")):
            layer, pads = origin, before
    hyper["Padding"] = plus(pads, added)
    node.gives(node.add("MaxPooling2DLayer", (layer,), hyper))


@reads("AveragePool", "AveragePooling2DLayer", "no dilations")
def average_pooling(node: Node) -> None:
    """PaddingValue is 0 if padding counts (count_include_pad), else 'mean'."""
    layer = maps(node, node.value(0))
    hyper, pads, added = _pool(node, layer)
    counted = bool(node.attribute("count_include_pad", 0)) or not any(pads)
    if layer in node.reading.padded and counted:
        layer, before = node.reading.padded[layer]
        pads = plus(before, pads)
    window = two(node, "kernel_shape")
    too_wide = max(pads[:2]) >= window[0] or max(pads[2:]) >= window[1]
    if (
        counted and any(pads) and (any(added) or too_wide)
    ):  # some of the padding counts, some does not
        channels = node.reading.shapes[layer][0]
        kernels = np.ones((channels, 1, 1, 1), np.float32)
        layer = made_up_convolution(
            node, layer, kernels, (1, 1), pads, by_channel=True, suffix="_pad"
        )
        pads = (0, 0, 0, 0)
    left_out = any(added) or (any(pads) and not counted)
    hyper["Padding"] = plus(pads, added)
    hyper["PaddingValue"] = "mean" if left_out else 0.0
    node.gives(node.add("AveragePooling2DLayer", (layer,), hyper))


@reads("AdaptiveAveragePool", "GroupedConvolution2DLayer of the whole map", domain="cifarx")
def adaptive_average_pooling(node: Node) -> None:
    """Means over windows of different sizes, by a convolution with one kernel per window.

    Window i of o over n pixels is floor(i n / o) to ceil((i + 1) n / o), as in torch.nn's
    AdaptiveAvgPool2d; the means become channels, and the linear layer after them takes their order.
    """
    layer = maps(node, node.value(0))
    channels, height, width = node.reading.shapes[layer]
    rows, columns = node.attribute("output_size")
    vertical, horizontal = _means(height, rows), _means(width, columns)
    kernels = np.einsum("ih,jw->ijhw", vertical, horizontal).reshape(-1, 1, height, width)
    kernels = np.tile(kernels, (channels, 1, 1, 1)).astype(node.reading.dtype)
    layer = made_up_convolution(
        node, layer, kernels, (1, 1), (0, 0, 0, 0), by_channel=True, suffix=""
    )
    order = np.arange(len(kernels)).reshape(channels, rows, columns)
    node.give(Value(layer, order.shape, order))


def _means(size: int, windows: int) -> NDArray[np.float64]:
    """(windows, size): weights of the mean over each window."""
    ends = np.arange(windows + 1) * size
    first, last = ends[:-1] // windows, -(-ends[1:] // windows)
    place = np.arange(size)
    inside = (place >= first[:, None]) & (place < last[:, None])
    return inside / (last - first)[:, None]


@reads("GlobalAveragePool", "GlobalAveragePooling2DLayer")
def global_average_pooling(node: Node) -> None:
    """The mean of each map."""
    node.gives(node.add("GlobalAveragePooling2DLayer", (maps(node, node.value(0)),)))


@reads("GlobalMaxPool", "GlobalMaxPooling2DLayer")
def global_max_pooling(node: Node) -> None:
    """The maximum of each map."""
    node.gives(node.add("GlobalMaxPooling2DLayer", (maps(node, node.value(0)),)))
