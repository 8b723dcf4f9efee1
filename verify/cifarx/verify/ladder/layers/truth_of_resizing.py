"""Compute resized maps in float64, and bound what float32 positions and weights change.

Selecting nearest pixels is exact. A bilinear weight is the fraction of a place, which runtimes
compute in float32. Its error moves the place by at most `_shift`, and a value of the interpolated
line moves by at most that times the steepest of the segments that it reaches. Places that are
multiples of a power of two are exact in any order of computation.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from cifarx.export.network.compute import compute_layer, interpolated
from cifarx.export.network.layer import Layer
from cifarx.export.network.resampling import Line, resize_lines
from cifarx.verify.ladder.layers.rounding import TINY, gamma
from cifarx.verify.ladder.layers.truth_of_sums import LayerTruth
from cifarx.verify.ladder.truth_of_output import UNIT

_PLACE = 6
"""Roundings of a place: of the scale two (it may be rounded up), of its reciprocal, of the product,
and of the two shifts by half a pixel."""
_SUM = 8
"""Roundings of a value: along each axis 1 - w, the product and the sum; if the four weights are
computed first, one more; and one for the terms of second order."""


def truth_of_resizing(layer: Layer) -> LayerTruth:
    """Make the truth of a Resize2DLayer."""

    def truth(inputs: list[Tensor]) -> tuple[Tensor, Tensor]:
        (x,) = inputs
        y = compute_layer(layer, [x], {})
        if layer.hyper["Method"] == "nearest":
            return y, y.new_zeros(())
        rows, columns = resize_lines(layer, (x.shape[2], x.shape[3]))
        absolute = interpolated(interpolated(x.abs(), 2, rows), 3, columns)
        bound = gamma(_SUM, y.numel()) * absolute + TINY
        if rows.rounds():
            moved = _moved(x, 2, rows)
            bound += interpolated(moved, 3, columns)
            if columns.rounds():
                bound += _moved(moved, 3, columns, either=True)
        if columns.rounds():
            bound += _moved(interpolated(x, 2, rows), 3, columns)
        return y, bound

    return truth


def _shift(line: Line) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """(count,): the largest error of each place, in pixels."""
    return _PLACE * UNIT * (np.abs(line.places()) + 1.0)


def _moved(x: Tensor, axis: int, line: Line, *, either: bool = False) -> Tensor:
    """Bound the change of a line of values where its places are moved by rounding.

    Args:
        x: (N, C, H, W) values; or bounds, not below 0, if `either`.
        axis: 2 or 3.
        line: how they are resized.
        either: whether the values may be anything within these bounds.
    """
    if line.size == 1:
        return torch.zeros_like(interpolated(x, axis, line))
    first, last = x.narrow(axis, 0, line.size - 1), x.narrow(axis, 1, line.size - 1)
    slopes = first + last if either else (last - first).abs()
    shift = _shift(line)
    ends = (line.places() - shift, line.places() + shift)
    segments = [np.clip(np.floor(end), 0, line.size - 2).astype(np.int64) for end in ends]
    a, b = (slopes.index_select(axis, torch.from_numpy(at)) for at in segments)
    apart = torch.from_numpy(shift * (segments[0] != segments[1])).to(x.dtype)
    amount = torch.from_numpy(shift).to(x.dtype)
    if axis == 2:
        amount, apart = amount.view(-1, 1), apart.view(-1, 1)
    return a * amount + b * apart  # at a pixel the place may move along both segments
