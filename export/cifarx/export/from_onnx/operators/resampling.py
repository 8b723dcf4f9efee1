"""Operators that resize maps, repeat pixels, or move them between channels and space.

Resizing to nearest pixels stays a rearrangement if each pixel becomes a block (a transposed
convolution with kernels of ones, see `materialize`) or if every n-th pixel is kept (a 1x1 pooling):
these need no layer of the Image Processing Toolbox. All else is a Resize2DLayer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from onnx import helper

from cifarx.export.from_onnx.constants import evaluated
from cifarx.export.from_onnx.materialize import maps, repeats_by_convolution
from cifarx.export.from_onnx.node import Node, decimal, reads
from cifarx.export.from_onnx.operators.rearrangements import rearranged
from cifarx.export.from_onnx.value import Index, blocks_of, choice_of
from cifarx.export.network.layer import Hyper
from cifarx.export.network.resampling import MODES, ROUNDINGS, Line
from cifarx.pytorch_models.errors import UnsupportedError

_BLOCKS = "TransposedConvolution2DLayer of zeros and ones"
_HOW = ("coordinate_transformation_mode", "nearest_mode")
_TRANSFORMS = {
    "half_pixel": "half-pixel",
    "pytorch_half_pixel": "half-pixel",
    "asymmetric": "asymmetric",
    "align_corners": "align-corners",
}
_SPACE = (2, 3)


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


@reads(
    "Resize",
    f"Resize2DLayer; {_BLOCKS} or MaxPooling2DLayer for nearest pixels where these are enough",
    "mode nearest or linear, without antialias; linear over height and width",
)
def resize(node: Node) -> None:
    """By scales or to sizes, to nearest pixels or bilinearly."""
    _resize(node, 1 if node.reading.opset < 11 else 2)


@reads("Upsample", "as Resize", "mode nearest or linear; linear over height and width")
def upsample(node: Node) -> None:
    """By scales, to nearest pixels or bilinearly; up to opset 9."""
    _resize(node, 1)


def _resize(node: Node, scales_at: int) -> None:
    mode, ratio = node.attribute("mode", "nearest"), node.attribute("keep_aspect_ratio_policy")
    node.attribute("nearest_mode")  # without effect on linear
    if mode not in ("nearest", "linear", "bilinear"):
        raise UnsupportedError(
            f"mode {mode}, while Deep Learning Toolbox resizes to nearest pixels or bilinearly"
        )
    if node.attribute("antialias", 0):
        raise UnsupportedError("antialias=1, a filter that no layer of Deep Learning Toolbox has")
    if node.attribute(_HOW[0]) == "tf_crop_and_resize" or ratio not in (None, "stretch"):
        raise UnsupportedError("tf_crop_and_resize or keep_aspect_ratio_policy")
    shape = node.in_batch(0)[1].shape
    asked = dict(_asked(node, scales_at, shape))
    lines = {axis: one.line for axis, one in asked.items()}
    if mode == "nearest":
        _nearest(node, lines, {axis: _positions(node, one) for axis, one in asked.items()}, shape)
    else:
        _bilinear(node, lines, shape)


@dataclass(frozen=True)
class _Asked:
    """How a node resizes one axis."""

    line: Line
    """With ONNX's name of the mode."""
    number: np.generic
    """The scale or size in the file."""


def _asked(node: Node, scales_at: int, shape: tuple[int, ...]) -> Iterator[tuple[int, _Asked]]:
    """Each resized axis and how it is resized."""
    old = "half_pixel" if node.reading.opset >= 11 else "asymmetric"
    how = node.attribute(_HOW[0], old)
    scales, sizes = node.fixed(scales_at, "scales"), node.fixed(3)
    by_sizes = scales is None or not scales.size
    given = sizes if by_sizes else scales
    axes = node.attribute("axes") or range(len(shape))
    if given is None or len(given) != len(axes):
        raise UnsupportedError("no scale and no size for each axis")
    for axis, number in zip(axes, given, strict=True):
        size = shape[axis]
        count = int(number) if by_sizes else int(np.float32(size) * np.float32(number))
        if count < 1:
            raise UnsupportedError(f"of {size} to {count} pixels")
        line = Line(size, count, _scale(size, count, number, by_sizes), how)
        yield axis % len(shape), _Asked(line, number)


def _scale(size: int, count: int, number: np.generic, by_sizes: bool) -> float:
    """The scale in float64: the quotient of the sizes wherever float32 has no other."""
    exact = Line(size, count, count / size, "")
    if by_sizes or np.float32(number) in (np.float32(exact.scale), exact.single_scale()):
        return exact.scale
    return decimal(float(number))


def _nearest(
    node: Node, lines: dict[int, Line], taken: dict[int, Index], shape: tuple[int, ...]
) -> None:
    moved = [a for a, line in lines.items() if not np.array_equal(taken[a], np.arange(line.size))]
    if len(shape) == 4 and set(moved) <= set(_SPACE):
        each = [lines.get(a, Line(shape[a], shape[a], 1.0, "")) for a in _SPACE]
        places = [taken.get(a, np.arange(shape[a])) for a in _SPACE]
        hyper = None if _is_simple(shape, places) else _nearest_options(each, places)
        if hyper is not None:
            node.gives(node.add("Resize2DLayer", (maps(node, node.value(0)),), hyper))
            return
    layer, index = node.in_batch(0)
    for axis, positions in taken.items():
        index = np.take(index, positions, axis)
    rearranged(node, layer, index)


def _is_simple(shape: tuple[int, ...], places: list[Index]) -> bool:
    """Whether pixels become whole blocks, or are selected with a step."""
    one = (1, shape[2], shape[3])
    index = np.arange(shape[2] * shape[3]).reshape(one)[:, places[0]][:, :, places[1]]
    blocks = blocks_of(index, one)
    if blocks is not None:
        return repeats_by_convolution(shape[1], blocks.size)
    return choice_of(index, one) is not None


def _nearest_options(lines: list[Line], places: list[Index]) -> dict[str, Hyper] | None:
    """The best options that take these pixels in float32, too; None if there are none.

    Best are those that also take them in float64 by the scale in a file, those of resize2dLayer,
    and the node's own.
    """
    best: tuple[tuple[bool, ...], dict[str, Hyper]] | None = None
    for mode, rounding in product(MODES, ROUNDINGS):
        each = [(replace(li, mode=mode), at) for li, at in zip(lines, places, strict=True)]
        if not all(
            np.array_equal(found, wanted)
            for line, wanted in each
            for found in (line.nearest(rounding), *line.nearest_in_single(rounding))
        ):
            continue
        by_file = all(np.array_equal(li.nearest_by_file(rounding), at) for li, at in each)
        in_matlab = mode in MODES[:2] and rounding in ROUNDINGS[:2]
        own = mode == _TRANSFORMS.get(lines[0].mode)
        usual = rounding == ("floor" if mode == "asymmetric" else "round")
        rank = (not by_file, not in_matlab, not own, not usual)
        if best is None or rank < best[0]:
            best = rank, _options([line for line, _ in each], "nearest", mode, rounding)
    return None if best is None else best[1]


def _options(lines: list[Line], method: str, mode: str, rounding: str) -> dict[str, Hyper]:
    return {
        "OutputSize": (lines[0].count, lines[1].count),
        "Scale": (lines[0].scale, lines[1].scale),
        "Method": method,
        "GeometricTransformMode": mode,
        "NearestRoundingMode": rounding,
    }


def _bilinear(node: Node, lines: dict[int, Line], shape: tuple[int, ...]) -> None:
    lines = {a: line for a, line in lines.items() if (line.count, line.scale) != (line.size, 1)}
    value = node.value(0)
    if not lines:
        node.give(value)
        return
    if len(shape) != 4 or not set(lines) <= set(_SPACE):
        raise UnsupportedError("linear over other axes than height and width")
    modes = {_transform(line) for line in lines.values()}
    for axis, line in list(lines.items()):
        if line.mode == "pytorch_half_pixel" and line.count == 1:  # takes the first pixel
            value = value.rearranged(np.take(value.index, [0], axis - 1))
            del lines[axis]
    layer = maps(node, value)
    if lines:
        size = node.reading.shapes[layer][1:]
        each = [lines.get(a, Line(n, n, 1.0, "")) for a, n in zip(_SPACE, size, strict=True)]
        hyper = _options(each, "bilinear", min(modes), ROUNDINGS[0])
        layer = node.add("Resize2DLayer", (layer,), hyper)
    node.gives(layer)


def _transform(line: Line) -> str:
    whole = line.scale == line.count / line.size
    if line.mode == "half_pixel_symmetric" and whole:  # differs only where pixels are cut off
        return "half-pixel"
    if line.mode == "align_corners" and not whole:
        raise UnsupportedError(
            f"align_corners by a scale that makes {line.size * line.scale:g} pixels, which ONNX "
            "and its runtimes compute differently; give the size instead of the scale"
        )
    if line.mode not in _TRANSFORMS:
        raise UnsupportedError(f"linear with coordinate_transformation_mode {line.mode}")
    return _TRANSFORMS[line.mode]


def _positions(node: Node, asked: _Asked) -> Index:
    """Which pixels are taken along one axis, by `onnx.reference`; before opset 11 as it was then.

    ONNX Runtime and the tests of that opset round down for larger maps and up for smaller ones.
    """
    how = {name: node.attribute(name) for name in _HOW if node.attribute(name)}
    line = asked.line
    if node.reading.opset < 11:
        nearest = "floor" if line.scale >= 1 else "ceil"
        how = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": nearest}
    constants = {"x": np.arange(line.size, dtype=np.float32)}
    if line.scale == line.count / line.size:  # rounded to float32, a scale may miss a pixel
        constants["sizes"] = np.asarray([line.count])
    else:
        constants["scales"] = np.asarray([asked.number])
    inputs = ["x", "", *(key if key in constants else "" for key in ("scales", "sizes"))]
    one = helper.make_node("Resize", inputs, ["y"], mode="nearest", **how)
    taken = evaluated(one, constants, max(13, node.reading.opset))["y"]
    return taken.astype(np.int64)
