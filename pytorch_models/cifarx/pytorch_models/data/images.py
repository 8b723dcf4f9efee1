"""What a data set is to the rest of cifarx."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cifarx.pytorch_models.errors import UserError

Split = Literal["train", "test"]
_HOLD_OUT = 5


@dataclass(frozen=True)
class Images:
    """Labelled images of one size."""

    pixels: NDArray[np.uint8]
    """(N, C, H, W) uint8, RGB where C is 3."""
    labels: NDArray[np.int64]
    """(N,) int64, indices into the data set's classes, from 0."""

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, index: NDArray[np.int64]) -> Images:
        """The images at these indices, in their order."""
        return Images(self.pixels[index], self.labels[index])

    def digest(self) -> str:
        """SHA-256 over shape, pixels and labels, in hexadecimal."""
        h = hashlib.sha256(repr(self.pixels.shape).encode())
        h.update(np.ascontiguousarray(self.pixels).data)
        h.update(np.ascontiguousarray(self.labels.astype("<i8")).data)
        return h.hexdigest()


@dataclass(frozen=True)
class DataSet:
    """A data set that can be found; its images are read when asked for."""

    name: str
    """Short, for folder names and reports: 'cifar10', or a folder's own name."""
    origin: str
    """What to give to --data to open it again, with `root` from anywhere."""
    classes: tuple[str, ...]
    """Names in the order of the labels."""
    root: str
    """The folder it is in; '' for an embedded one."""
    labels: Callable[[Split], NDArray[np.int64]]
    """split -> the labels of all its images, in order, (N,) int64; no image is decoded for it."""
    read: Callable[[Split, NDArray[np.int64] | None], Images]
    """(split, index) -> its images at these indices, in that order; None is all of them."""


def balanced_index(labels: NDArray[np.int64], limit: int | None) -> NDArray[np.int64]:
    """Indices of the first images of each class in turn, `limit` of them (None: all, in order)."""
    if limit is None or limit >= len(labels):
        return np.arange(len(labels))
    return np.lexsort((labels, _rank(labels)))[:limit]


def hold_out(
    labels: NDArray[np.int64], classes: Sequence[str], origin: Path
) -> dict[Split, NDArray[np.int64]]:
    """Indices for training and for testing: every fifth image of each class is for testing.

    Args:
        labels: (N,) int64, indices into `classes`.
        classes: names of the classes, for the error.
        origin: where the images come from, for the error.

    Raises:
        UserError: a class of one image, which cannot be in both.
    """
    lone = [name for name, n in zip(classes, np.bincount(labels), strict=False) if n == 1]
    if lone:
        raise UserError(
            f"These classes of {origin} have only one image: {', '.join(lone)}. Without test "
            "images beside the training images at least two are needed, one of them for testing."
        )
    test = _rank(labels) % _HOLD_OUT == 0
    return {"train": np.flatnonzero(~test), "test": np.flatnonzero(test)}


def _rank(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of its class come before an image."""
    rank = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        rank[labels == label] = np.arange(np.count_nonzero(labels == label))
    return rank
