"""Operators that repeat pixels, or move them between channels and space.

Resizing to nearest pixels is read if each pixel becomes a block (a transposed convolution with
kernels of ones, see `materialize`) or if some pixels are left out (a 1x1 pooling).
"""

from __future__ import annotations

import numpy as np
from onnx import helper

from cifarx.export.from_onnx.constants import evaluated
from cifarx.export.from_onnx.node import Node, reads
from cifarx.export.from_onnx.operators.rearrangements import rearranged
from cifarx.export.from_onnx.value import Index
from cifarx.pytorch_models.errors import UnsupportedError

_BLOCKS = "TransposedConvolution2DLayer of zeros and ones"
_HOW = ("coordinate_transformation_mode", "nearest_mode")


def _block(node: Node, index: Index) -> int:
    if index.ndim != 4:
        raise UnsupportedError(f"of {index.ndim} axes")
    return int(node.attribute("blocksize"))


@reads("DepthToSpace", _BLOCKS)
def depth_to_space(node: Node) -> None:
    """`torch.nn.PixelShuffle` is mode CRD."""
    layer, index = node.in_batch(0)
    block = _block(node, index)
    images, channels, height, width = index.shape
    if channels % block**2:
        raise UnsupportedError(f"of {channels} channels into blocks of {block} x {block}")
    if node.attribute("mode", "DCR") == "CRD":
        parts = index.reshape(images, -1, block, block, height, width)
        parts = parts.transpose(0, 1, 4, 2, 5, 3)
    else:
        parts = index.reshape(images, block, block, -1, height, width)
        parts = parts.transpose(0, 3, 4, 1, 5, 2)
    rearranged(node, layer, parts.reshape(images, -1, height * block, width * block))


@reads("SpaceToDepth", "Convolution2DLayer of zeros and ones")
def space_to_depth(node: Node) -> None:
    """Each block's pixels become channels; `torch.nn.PixelUnshuffle` is mode CRD."""
    layer, index = node.in_batch(0)
    block = _block(node, index)
    images, channels, height, width = index.shape
    if height % block or width % block:
        raise UnsupportedError(f"of {height} x {width} pixels in blocks of {block} x {block}")
    parts = index.reshape(images, channels, height // block, block, width // block, block)
    by_channel = node.attribute("mode", "DCR") == "CRD"  # before opset 28 there was no other
    parts = parts.transpose((0, 1, 3, 5, 2, 4) if by_channel else (0, 3, 5, 1, 2, 4))
    rearranged(node, layer, parts.reshape(images, -1, height // block, width // block))


@reads("Tile", f"{_BLOCKS}, or a 1x1 convolution that repeats channels")
def tile(node: Node) -> None:
    """Repeats the whole along any axis."""
    layer, index = node.in_batch(0)
    repeats = node.fixed(1)
    if repeats is None or len(repeats) != index.ndim:
        raise UnsupportedError(f"no number of repeats for each of {index.ndim} axes")
    rearranged(node, layer, np.tile(index, [int(n) for n in repeats]))


@reads("Resize", _BLOCKS, "mode nearest; each pixel repeated equally often, or every n-th selected")
def resize(node: Node) -> None:
    """By scales or to sizes, to nearest pixels."""
    _nearest(node, 1 if node.reading.opset < 11 else 2)


@reads("Upsample", _BLOCKS, "mode nearest; each pixel repeated equally often")
def upsample(node: Node) -> None:
    """By scales, to nearest pixels; up to opset 9."""
    _nearest(node, 1)


def _nearest(node: Node, scales_at: int) -> None:
    layer, index = node.in_batch(0)
    mode, ratio = node.attribute("mode", "nearest"), node.attribute("keep_aspect_ratio_policy")
    if mode != "nearest":
        raise UnsupportedError(f"mode {mode}, which no layer of Deep Learning Toolbox computes")
    if node.attribute(_HOW[0]) == "tf_crop_and_resize" or ratio not in (None, "stretch"):
        raise UnsupportedError("tf_crop_and_resize or keep_aspect_ratio_policy")
    scales, sizes = node.fixed(scales_at, "scales"), node.fixed(3)
    by, given = ("sizes", sizes) if scales is None or not scales.size else ("scales", scales)
    axes = node.attribute("axes") or range(index.ndim)
    if given is None or len(given) != len(axes):
        raise UnsupportedError("no scale and no size for each axis")
    for axis, number in zip(axes, given, strict=True):
        index = np.take(index, _positions(node, index.shape[axis], by, number), axis)
    rearranged(node, layer, index)


def _positions(node: Node, size: int, by: str, number: np.generic) -> Index:
    """Which of `size` positions are taken along one axis, by `onnx.reference`."""
    how = {name: node.attribute(name) for name in _HOW if node.attribute(name)}
    if node.reading.opset < 11:
        how = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    inputs = ["x", "", "scales", ""] if by == "scales" else ["x", "", "", "sizes"]
    one = helper.make_node("Resize", inputs, ["y"], mode="nearest", **how)
    line = np.arange(size, dtype=np.float32)
    constants = {"x": line, by: np.asarray([number])}
    opset = max(13, node.reading.opset)
    taken = evaluated(one, constants, opset)["y"]
    return taken.astype(np.int64)
