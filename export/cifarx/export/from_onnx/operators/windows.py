"""Translate the options of sliding windows into MATLAB's."""

from __future__ import annotations

import math

from cifarx.export.from_onnx.node import Node
from cifarx.export.network import layout
from cifarx.export.network.layer import Shape
from cifarx.pytorch_models.errors import UnsupportedError

Sides = tuple[int, int, int, int]
_DIMENSIONS = "only windows over images (two dimensions) or signals (one dimension)"


def two(node: Node, attribute: str) -> tuple[int, int]:
    """A (height, width) attribute, of signals (1, length); (1, 1) if it is absent."""
    values = node.attribute(attribute) or [1, 1]
    if len(values) == 1:
        values = [1, *values]
    if len(values) != 2:
        raise UnsupportedError(_DIMENSIONS)
    return int(values[0]), int(values[1])


def padding(node: Node, size: Shape, window: tuple[int, int], dilation: tuple[int, int]) -> Sides:
    """(top, bottom, left, right) from pads or auto_pad.

    Args:
        node: with these attributes and strides.
        size: (H, W) of the maps.
        window: (height, width) of the kernel.
        dilation: vertical, horizontal.
    """
    automatic = node.attribute("auto_pad", "NOTSET")
    if automatic in ("NOTSET", ""):
        pads = tuple(node.attribute("pads") or (0, 0, 0, 0))
        if len(pads) == 2:
            pads = (0, pads[0], 0, pads[1])
        if len(pads) != 4:
            raise UnsupportedError(_DIMENSIONS)
        if min(pads) < 0:
            raise UnsupportedError(f"negative pads {pads}")
        return layout.pads_from_onnx(pads)
    if automatic == "VALID":
        return 0, 0, 0, 0
    both = []
    for n, s, k, d in zip(size, two(node, "strides"), window, dilation, strict=True):
        total = max((math.ceil(n / s) - 1) * s + d * (k - 1) + 1 - n, 0)
        both.append(shared(total, more_at_end=automatic == "SAME_UPPER"))
    return (*both[0], *both[1])


def shared(total: int, *, more_at_end: bool) -> tuple[int, int]:
    """The two halves of a padding; the larger one at the end or at the beginning.

    >>> shared(5, more_at_end=True)
    (2, 3)
    """
    small, large = total // 2, total - total // 2
    return (small, large) if more_at_end else (large, small)


def plus(first: Sides, second: Sides) -> Sides:
    """The sum of two paddings."""
    return (
        first[0] + second[0],
        first[1] + second[1],
        first[2] + second[2],
        first[3] + second[3],
    )
