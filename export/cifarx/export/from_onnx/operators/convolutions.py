"""Conv, ConvTranspose and Pad."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.export.from_onnx.materialize import made_up_convolution, maps
from cifarx.export.from_onnx.node import Node, ones, reads, zeros
from cifarx.export.from_onnx.operators.windows import Sides, padding, plus, shared, two
from cifarx.export.from_onnx.value import Value
from cifarx.export.network.layer import Array
from cifarx.pytorch_models.errors import UnsupportedError

_OWN_PIXELS = ("reflect", "edge", "wrap")  # modes; numpy calls them the same


@reads(
    "Conv",
    "Convolution2DLayer, GroupedConvolution2DLayer",
    "constant kernels, one or two spatial axes",
)
def convolution(node: Node) -> None:
    """Any stride, dilation, groups, pads and auto_pad; a Pad with zeros before it is absorbed."""
    layer = maps(node, node.value(0))
    kernels = _of_maps(node.array(1))
    bias = node.array(2) if node.given(2) else zeros(len(kernels.value))
    window = (int(kernels.value.shape[2]), int(kernels.value.shape[3]))
    dilation = two(node, "dilations")
    pads = padding(node, node.reading.shapes[layer][1:], window, dilation)
    if layer in node.reading.padded:
        layer, before = node.reading.padded[layer]
        pads = plus(before, pads)
    hyper = {"Stride": two(node, "strides"), "Padding": pads, "DilationFactor": dilation}
    arrays = {"Weights": kernels, "Bias": bias}
    if (groups := node.attribute("group", 1)) == 1:
        node.gives(node.add("Convolution2DLayer", (layer,), hyper, arrays))
    else:
        hyper["NumGroups"] = float(groups)  # type: ignore[assignment]
        node.gives(node.add("GroupedConvolution2DLayer", (layer,), hyper, arrays))


@reads(
    "ConvTranspose",
    "TransposedConvolution2DLayer",
    "constant kernels, one or two spatial axes, no pads below 0",
)
def transposed_convolution(node: Node) -> None:
    """Groups and dilations become zeros in the kernels, as MATLAB's layer has no such options."""
    layer = maps(node, node.value(0))
    original = _of_maps(node.array(1))
    kernels = _ungrouped(original.value, node.attribute("group", 1))
    kernels = _undilated(kernels, two(node, "dilations"))
    stride, size = two(node, "strides"), node.reading.shapes[layer][1:]
    window = (int(kernels.shape[2]), int(kernels.shape[3]))
    cropping, missing = _cropping(node, size, window, stride)
    if any(missing):  # output_padding beyond the pads: rows and columns that hold only the bias
        kernels = np.pad(kernels, ((0, 0), (0, 0), (0, missing[0]), (0, missing[1])))
    weights = original if kernels is original.value else Array(kernels, "")
    bias = node.array(2) if node.given(2) else zeros(kernels.shape[1])
    node.gives(
        node.add(
            "TransposedConvolution2DLayer",
            (layer,),
            {"Stride": stride, "Cropping": cropping},
            {"Weights": weights, "Bias": bias},
        )
    )


def _of_maps(kernels: Array) -> Array:
    """Kernels over signals (F, C, k) as kernels of one row (F, C, 1, k)."""
    if kernels.value.ndim == 3:
        return replace(kernels, value=kernels.value[:, :, None])
    if kernels.value.ndim != 4:
        raise UnsupportedError(
            f"{kernels.value.ndim - 2}-dimensional, but images have 2 dimensions, and signals 1"
        )
    return kernels


def _ungrouped(kernels: NDArray[np.float32], groups: int) -> NDArray[np.float32]:
    """(C, F / groups, kH, kW) -> (C, F, kH, kW) with zeros between the groups."""
    if groups == 1:
        return kernels
    channels, filters, *window = kernels.shape
    if channels % groups:
        raise UnsupportedError(f"{channels} channels in {groups} groups")
    whole = np.zeros((channels, filters * groups, *window), kernels.dtype)
    share = channels // groups
    for g in range(groups):
        of_group = slice(g * share, (g + 1) * share)
        whole[of_group, g * filters : (g + 1) * filters] = kernels[of_group]
    return whole


def _undilated(kernels: NDArray[np.float32], dilation: tuple[int, int]) -> NDArray[np.float32]:
    if dilation == (1, 1):
        return kernels
    height, width = (d * (k - 1) + 1 for d, k in zip(dilation, kernels.shape[2:], strict=True))
    whole = np.zeros((*kernels.shape[:2], height, width), kernels.dtype)
    whole[:, :, :: dilation[0], :: dilation[1]] = kernels
    return whole


def _cropping(
    node: Node, size: tuple[int, ...], window: tuple[int, int], stride: tuple[int, int]
) -> tuple[Sides, tuple[int, int]]:
    """The cropping, and the rows and columns that output_padding adds beyond it."""
    extra = [0, *(node.attribute("output_padding") or [0])][-2:]
    wanted = node.attribute("output_shape")
    if wanted and len(wanted) < 2:
        wanted = [1, *wanted]
    automatic = node.attribute("auto_pad", "NOTSET")
    whole = [(n - 1) * s + k for n, s, k in zip(size, stride, window, strict=True)]
    if wanted:
        ends = [
            shared(w + e - out, more_at_end=automatic == "SAME_UPPER")
            for w, e, out in zip(whole, extra, wanted[-2:], strict=True)
        ]
    elif automatic in ("SAME_UPPER", "SAME_LOWER"):
        ends = [
            shared(w + e - n * s, more_at_end=automatic == "SAME_UPPER")
            for w, e, n, s in zip(whole, extra, size, stride, strict=True)
        ]
    else:
        pads = node.attribute("pads") or (0, 0, 0, 0)
        top, left, bottom, right = pads if len(pads) == 4 else (0, pads[0], 0, pads[1])
        ends = [(top, bottom), (left, right)]
    cropped = [(begin, end - e) for (begin, end), e in zip(ends, extra, strict=True)]
    if min(begin for begin, _ in cropped) < 0:
        raise UnsupportedError("pads below 0")
    (top, bottom), (left, right) = cropped
    missing = (max(0, -bottom), max(0, -right))
    return (top, max(0, bottom), left, max(0, right)), missing


@reads(
    "Pad",
    "Padding of the convolution or pooling after it, else a convolution that only pads, and a "
    "ScalingLayer if it pads with a number other than 0; for reflect, edge and wrap, rows and "
    "columns selected and joined by ConcatenationLayer",
    "height, width and channels only",
)
def pad(node: Node) -> None:
    """With a number, around maps or as channels; pads below 0 crop; or by reflected edges."""
    value = node.value(0)
    rank = len(value.shape) + 1
    pads, fill = node.fixed(1, "pads"), node.fixed(2, "value")
    axes = node.fixed(3)
    mode = node.attribute("mode", "constant")
    if pads is None:
        raise UnsupportedError("no pads")
    chosen = [int(a) % rank for a in (range(rank) if axes is None else axes)]
    ends = {a: (int(pads[i]), int(pads[i + len(chosen)])) for i, a in enumerate(chosen)}
    if not any(any(end) for end in ends.values()):
        node.give(value)
        return
    if rank != 4 or any(ends.get(0, (0, 0))):
        raise UnsupportedError("padding of the batch, or of other values than images")
    by_axis = [ends.get(axis, (0, 0)) for axis in (1, 2, 3)]
    if mode != "constant":
        node.give(_mirrored(value, by_axis, mode))
        return
    value = _cropped(value, by_axis)
    added = [(max(0, first), max(0, last)) for first, last in by_axis]
    layer = maps(node, value)
    if any(any(end) for end in added):
        layer = _padded(node, layer, added)
        number = 0.0 if fill is None or fill.size == 0 else float(fill.reshape(()))
        if number != 0:
            layer = _filled(node, layer, added, number)
    node.gives(layer)


def _mirrored(value: Value, ends: list[tuple[int, int]], mode: Any) -> Value:
    """Padded with pixels of the maps."""
    if mode not in _OWN_PIXELS or min(map(min, ends)) < 0:
        raise UnsupportedError(f"padding of mode {mode}, pads {ends}")
    return value.rearranged(np.pad(value.index, ends, mode=mode))


def _cropped(value: Value, ends: list[tuple[int, int]]) -> Value:
    """Cropped by pads below 0."""
    kept = tuple(
        slice(max(0, -first), n - max(0, -last))
        for n, (first, last) in zip(value.shape, ends, strict=True)
    )
    index = value.index[kept]
    if not index.size:
        raise UnsupportedError("pads below 0 that leave nothing")
    return value if index.shape == value.shape else value.rearranged(index)


def _padded(node: Node, layer: str, ends: list[tuple[int, int]]) -> str:
    """With zeros around maps, and channels of zeros."""
    (before, behind), vertical, horizontal = ends
    around: Sides = (*vertical, *horizontal)
    channels = node.reading.shapes[layer][0]
    by_channel = not (before or behind)
    if by_channel:
        kernels = np.ones((channels, 1, 1, 1), np.float32)
    else:
        kernels = np.zeros((before + channels + behind, channels, 1, 1), np.float32)
        kernels[before + np.arange(channels), np.arange(channels)] = 1
    padded = made_up_convolution(
        node, layer, kernels, (1, 1), around, by_channel=by_channel, suffix=""
    )
    if by_channel:
        node.reading.padded[padded] = (layer, around)
    return padded


def _filled(node: Node, layer: str, ends: list[tuple[int, int]], number: float) -> str:
    """Another number in place of the zeros."""
    whole = node.reading.shapes[layer]
    offset = np.full(whole, number, node.reading.dtype)
    offset[tuple(slice(first, n - last) for n, (first, last) in zip(whole, ends, strict=True))] = 0
    arrays = {"Scale": ones(1), "Offset": Array(offset, "")}
    return node.add("ScalingLayer", (layer,), {}, arrays, suffix="_fill")
