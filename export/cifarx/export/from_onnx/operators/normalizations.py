"""Normalizations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cifarx.export.from_onnx.materialize import all_features, maps
from cifarx.export.from_onnx.node import Node, decimal, ones, reads, zeros
from cifarx.export.from_onnx.operators.arithmetic import plus, times
from cifarx.export.from_onnx.value import Value, channels_last
from cifarx.export.network.layer import Array
from cifarx.pytorch_models.errors import UnsupportedError


@reads("BatchNormalization", "BatchNormalizationLayer", "not in training mode; constant statistics")
def batch_normalization(node: Node) -> None:
    """Of maps or features, with trained statistics."""
    if node.attribute("training_mode", 0) or sum(map(bool, node.proto.output)) > 1:
        raise UnsupportedError("training_mode=1; export the network in evaluation mode")
    if node.attribute("spatial", 1) != 1:
        raise UnsupportedError("spatial=0")
    keys = ("Scale", "Offset", "TrainedMean", "TrainedVariance")
    arrays = {key: node.array(i) for i, key in enumerate(keys, start=1)}
    hyper = {"Epsilon": decimal(node.attribute("epsilon", 1e-5))}
    value = node.value(0)
    if len(value.shape) == 1:
        value = all_features(node, value)
        laid = {k: Array(node.laid_out(value, a.value), a.source) for k, a in arrays.items()}
        node.give(node.elementwise("BatchNormalizationLayer", value, hyper, laid))
    else:
        node.gives(node.add("BatchNormalizationLayer", (maps(node, value),), hyper, arrays))


@reads(
    "LayerNormalization",
    "LayerNormalizationLayer; over whole maps GroupNormalizationLayer of one group or "
    "InstanceNormalizationLayer, and a ScalingLayer",
    "over the channels at each pixel, over features, over (C, H, W) or over (H, W)",
)
def layer_normalization(node: Node) -> None:
    """Over the channels of maps in any order of axes, over features, over all maps or each map.

    The attribute `axes` is set by `fusions` for a chain of ReduceMean and so on.
    """
    value = node.value(0)
    rank = len(value.shape) + 1
    first = node.attribute("axis", -1) % rank
    axes = sorted(a % rank for a in node.attribute("axes") or range(first, rank))
    hyper = {"Epsilon": decimal(node.attribute("epsilon", 1e-5))}
    if rank == 4 and axes in ([1, 2, 3], [2, 3]):
        node.give(_over_maps(node, value, hyper, together=axes[0] == 1))
        return
    if axes == [1] and rank == 2:
        value = all_features(node, value)
    elif len(axes) != 1 or axes == [0] or len(node.reading.shapes[value.layer]) != 3:
        raise UnsupportedError(f"over the axes {axes} of {rank}, not over the channels")
    else:
        size = node.reading.shapes[value.layer]
        index = np.moveaxis(value.index, axes[0] - 1, -1)
        if channels_last(index, (size[0], size[1], size[2])) is None:
            raise UnsupportedError("over an axis that is not the channels")
    channels = node.reading.shapes[value.layer][0]
    scale = node.array(1) if node.given(1) else ones(channels)
    offset = node.array(2) if node.given(2) else zeros(channels)
    arrays = {"Scale": scale, "Offset": offset}
    if rank == 2:
        arrays = {k: Array(node.laid_out(value, a.value), a.source) for k, a in arrays.items()}
    node.give(node.elementwise("LayerNormalizationLayer", value, hyper, arrays))


def _over_maps(node: Node, value: Value, hyper: dict[str, float], *, together: bool) -> Value:
    """Over all maps of an image, or over each; scale and offset may have one number per element."""
    layer = maps(node, value)
    channels = node.reading.shapes[layer][0]
    arrays = {"Scale": ones(channels), "Offset": zeros(channels)}
    if together:
        one = {**hyper, "NumGroups": 1.0}
        layer = node.add("GroupNormalizationLayer", (layer,), one, arrays)
    else:
        layer = node.add("InstanceNormalizationLayer", (layer,), hyper, arrays)
    value = Value(layer, node.reading.shapes[layer])
    if node.given(1):
        value = times(node, value, node.array(1))
    return plus(node, value, node.array(2)) if node.given(2) else value


@reads("InstanceNormalization", "InstanceNormalizationLayer, GroupNormalizationLayer")
def instance_normalization(node: Node) -> None:
    """Of maps, or of maps reshaped to (groups, rest), as GroupNorm is exported."""
    value = node.value(0)
    hyper: dict[str, float] = {"Epsilon": decimal(node.attribute("epsilon", 1e-5))}
    scale, offset = node.array(1), node.array(2)
    if len(value.shape) == 3:
        layer = maps(node, value)
        arrays = {"Scale": scale, "Offset": offset}
        node.gives(node.add("InstanceNormalizationLayer", (layer,), hyper, arrays))
        return
    groups, size = value.shape[0], node.reading.shapes[value.layer][1:]
    pixels = int(np.prod(size))
    if len(size) != 2 or len(value.shape) != 2 or value.index.size % (groups * pixels):
        raise UnsupportedError(f"of N x {' x '.join(map(str, value.shape))}, not of maps or groups")
    layer = maps(node, value.rearranged(value.index.reshape(-1, *size)))
    shape = node.reading.shapes[layer]
    value = Value(layer, value.shape, np.arange(value.index.size).reshape(value.shape))
    each = shape[0] // groups
    arrays = {"Scale": _repeated(scale, each), "Offset": _repeated(offset, each)}
    hyper["NumGroups"] = float(groups)
    node.give(node.elementwise("GroupNormalizationLayer", value, hyper, arrays))


def _repeated(array: Array, each: int) -> Array:
    """Numbers per group as numbers per channel; ones and zeros may be replaced later."""
    vector: NDArray[np.float32] = np.repeat(array.value, each)
    neutral = bool((vector == vector[:1]).all() and vector[0] in (0, 1))
    return Array(vector, array.source if each == 1 and not neutral else "")


@reads("GroupNormalization", "GroupNormalizationLayer")
def group_normalization(node: Node) -> None:
    """Scale and bias per channel from opset 21 on, per group before."""
    layer, groups = maps(node, node.value(0)), node.attribute("num_groups")
    channels = node.reading.shapes[layer][0]
    arrays = {"Scale": node.array(1), "Offset": node.array(2)}
    if node.reading.opset < 21:
        if channels % groups:
            raise UnsupportedError(f"{channels} channels in {groups} groups")
        arrays = {key: _repeated(array, channels // groups) for key, array in arrays.items()}
    hyper = {"Epsilon": decimal(node.attribute("epsilon", 1e-5)), "NumGroups": float(groups)}
    node.gives(node.add("GroupNormalizationLayer", (layer,), hyper, arrays))


@reads("LRN", "CrossChannelNormalizationLayer", "odd sizes")
@reads("LRN", "CrossChannelNormalizationLayer", domain="cifarx")
def local_response_normalization(node: Node) -> None:
    """Over neighbouring channels."""
    hyper = {
        "WindowChannelSize": float(node.attribute("size")),
        "Alpha": decimal(node.attribute("alpha", 1e-4)),
        "Beta": decimal(node.attribute("beta", 0.75)),
        "K": decimal(node.attribute("bias", 1.0)),
    }
    node.gives(node.add("CrossChannelNormalizationLayer", (maps(node, node.value(0)),), hyper))
