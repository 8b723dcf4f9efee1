"""`Value`: an ONNX value as a rearrangement of a layer's output.

Exporters put Reshape, Transpose, Slice, Split, Squeeze and the like between the operators that
compute. None of these is a layer. Here each only rearranges an index: for every element of the ONNX
value, its position in the flattened output of the layer that computed it. The operator that reads
the value then decides whether the rearrangement has no effect (channels-last and back), is a
flatten, is a selection of channels, or is something that no MATLAB layer can do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifarx.export.network.layer import Shape

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Value:
    """One image's part of an ONNX value, without the batch axis, which is the first."""

    layer: str
    """The layer whose output it rearranges."""
    shape: Shape
    """Without the batch."""
    order: Index | None = None
    """Of `shape`: positions in the layer's flattened output; None for all in order."""

    @property
    def index(self) -> Index:
        """`order`, or what None stands for."""
        if self.order is None:
            return np.arange(math.prod(self.shape)).reshape(self.shape)
        return self.order

    def in_batch(self, batch: int, size: int) -> Index:
        """(batch, *shape): positions in a batch of the layer's outputs of `size` elements each."""
        starts = np.arange(batch).reshape(-1, *[1] * len(self.shape)) * size
        return self.index + starts

    def rearranged(self, index: Index) -> Value:
        """The same layer's output in another order."""
        return Value(self.layer, index.shape, index)

    def in_row(self) -> Value:
        """A signal (C, L) as maps of one row (C, 1, L)."""
        return self.rearranged(self.index[:, None])

    def of(self, layer: str) -> Value:
        """The same rearrangement of another layer with an output of the same shape."""
        return Value(layer, self.shape, self.order)


def whole(layer: str, shape: Shape, carried: Shape) -> Value:
    """All of a layer's output in order, in a shape of as many elements as the layer has.

    Args:
        layer: its working name.
        shape: of the value, without the batch.
        carried: of the layer.

    >>> whole("@1", (2, 3), (2, 1, 3)).index.tolist()
    [[0, 1, 2], [3, 4, 5]]
    """
    if shape == carried:
        return Value(layer, shape)
    return Value(layer, shape, np.arange(math.prod(shape)).reshape(shape))


@dataclass(frozen=True)
class Mixed:
    """An intermediate ONNX value whose first axis is not the batch."""

    layer: str
    index: Index
    """Of its whole shape: positions in a batch of the layer's outputs."""
    by: str
    """The node that moved the batch axis."""


@dataclass(frozen=True)
class Choice:
    """A selection of channels, rows and columns of maps."""

    channels: Index
    starts: tuple[Index, Index]
    """First row and first column of each channel."""
    step: tuple[int, int]
    """Vertical, horizontal."""


def of_each_image(index: Index, batch: int, size: int) -> Index | None:
    """The first image's part of an index into a batch; None if it mixes images."""
    if index.ndim < 1 or len(index) != batch:
        return None
    first: Index = np.asarray(index[0])
    starts = np.arange(batch).reshape(-1, *[1] * first.ndim) * size
    alike = np.array_equal(first + starts, index) and first.size > 0 and first.max() < size
    return first if alike else None


def is_all_in_order(index: Index, size: int) -> bool:
    """Whether an index takes all of `size` elements in order.

    >>> is_all_in_order(np.array([[0, 1], [2, 3]]), 4), is_all_in_order(np.array([1, 0]), 2)
    (True, False)
    """
    return index.size == size and bool(np.array_equal(index.ravel(), np.arange(size)))


def is_permutation(index: Index, size: int) -> bool:
    """Whether an index takes each of `size` elements once.

    >>> is_permutation(np.array([1, 0]), 2), is_permutation(np.array([1, 1]), 2)
    (True, False)
    """
    return index.size == size and bool((np.bincount(index.ravel(), minlength=size) == 1).all())


def choice_of(index: Index, maps: tuple[int, int, int]) -> Choice | None:
    """The selection that an index (c, h, w) makes of maps (C, H, W); None if it mixes the axes."""
    channel, row, column = np.unravel_index(index, maps)
    channels, rows, columns = channel[:, 0, 0], row[:, :, 0], column[:, 0, :]
    alike = (channel == channels[:, None, None]).all()
    if not (alike and (row == rows[:, :, None]).all() and (column == columns[:, None, :]).all()):
        return None
    steps = []
    for positions in (rows, columns):
        gaps = set(np.diff(positions).ravel().tolist()) or {1}
        if len(gaps) != 1 or min(gaps) < 1:
            return None
        steps.append(gaps.pop())
    return Choice(channels, (rows[:, 0], columns[:, 0]), (steps[0], steps[1]))


def lines_of(index: Index, maps: tuple[int, int, int]) -> tuple[Index, Index, Index] | None:
    """The channels, rows and columns of maps (C, H, W) that an index (c, h, w) takes, in any order.

    Returns:
        (c,), (h,) and (w,) positions; None if it mixes the axes.
    """
    channel, row, column = np.unravel_index(index, maps)
    lines = channel[:, 0, 0], row[0, :, 0], column[0, 0, :]
    alike = np.array_equal(np.ravel_multi_index(np.ix_(*lines), maps), index)
    return lines if alike else None


def runs_of(positions: Index) -> list[Index]:
    """The positions cut into runs, each with one step above 0.

    >>> [run.tolist() for run in runs_of(np.array([2, 1, 0, 1, 2, 3]))]
    [[2], [1], [0, 1, 2, 3]]
    """
    runs, first = [], 0
    while first < len(positions):
        end = first + 1
        if end < len(positions) and (step := positions[end] - positions[first]) > 0:
            while end < len(positions) and positions[end] - positions[end - 1] == step:
                end += 1
        runs.append(positions[first:end])
        first = end
    return runs


def as_channels(value: Value) -> Value:
    """Stacked maps (..., H, W) as channels (C, H, W), one set behind the other."""
    return value.rearranged(value.index.reshape(-1, *value.shape[-2:]))


def blocks_of(index: Index, maps: tuple[int, int, int]) -> Index | None:
    """The channels that an index (c, h, w) puts into a block for each pixel of maps (C, H, W).

    Returns:
        (c, block height, block width): channels; None if the index does not make such blocks.
    """
    _, height, width = maps
    if index.shape[1] % height or index.shape[2] % width:
        return None
    block = (index.shape[1] // height, index.shape[2] // width)
    apart = index.reshape(len(index), height, block[0], width, block[1]).transpose(0, 2, 4, 1, 3)
    pixels = np.arange(height * width).reshape(height, width)
    taken: Index = apart[..., 0, 0] // (height * width)
    whole = taken[..., None, None] * (height * width) + pixels
    return taken if np.array_equal(whole, apart) else None


def channels_last(index: Index, maps: tuple[int, int, int]) -> Index | None:
    """The pixels of an index (..., C) whose last axis is all channels of maps (C, H, W).

    Returns:
        (...): positions in 0..HW-1, or None if the last axis is not the channels.
    """
    channels, height, width = maps
    if index.shape[-1] != channels:
        return None
    pixels: Index = index[..., 0]
    whole = pixels[..., None] + np.arange(channels) * (height * width)
    return pixels if np.array_equal(whole, index) and pixels.max() < height * width else None


def pooled_channels(rows: Index, maps: tuple[int, int, int]) -> Index | None:
    """(n,): the channel that each row of (n, HW) positions covers; None if a row does not."""
    _, height, width = maps
    size = height * width
    if rows.shape[1] != size:
        return None
    ordered = np.sort(rows, axis=1)
    channels: Index = ordered[:, 0] // size
    whole = channels[:, None] * size + np.arange(size)
    return channels if np.array_equal(ordered, whole) else None
