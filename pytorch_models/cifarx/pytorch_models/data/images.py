"""The records of images and data sets, and ways to choose among images."""

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
    """Labelled images of the same size."""

    pixels: NDArray[np.uint8]
    """(N, C, H, W) uint8, RGB where C is 3."""
    labels: NDArray[np.int64]
    """(N,) int64, indices into the data set's classes, from 0."""

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, index: NDArray[np.int64]) -> Images:
        """Return the images at these indices, in that order."""
        return Images(self.pixels[index], self.labels[index])

    def digest(self) -> str:
        """Compute the SHA-256 of shape, pixels and labels, in hexadecimal."""
        h = hashlib.sha256(repr(self.pixels.shape).encode())
        h.update(np.ascontiguousarray(self.pixels).data)
        h.update(np.ascontiguousarray(self.labels.astype("<i8")).data)
        return h.hexdigest()


@dataclass(frozen=True)
class DataSet:
    """A data set that was found; its images are read on demand."""

    name: str
    """Short name for folders and reports: 'cifar10', or the name of the data's folder."""
    origin: str
    """The value of --data that opens it again."""
    classes: tuple[str, ...]
    """Class names in the order of the labels."""
    root: str
    """The folder that holds it; '' for an embedded one."""
    labels: Callable[[Split], NDArray[np.int64]]
    """split -> the labels of all its images, in order, (N,) int64, without decoding an image."""
    read: Callable[[Split, NDArray[np.int64] | None], Images]
    """(split, index) -> its images at these indices, in that order; None for all of them."""


def balanced_index(labels: NDArray[np.int64], limit: int | None) -> NDArray[np.int64]:
    """Return the indices of `limit` images, evenly distributed over the classes.

    They are the first image of each class, then the second of each, and so on; None: all, in order.

    >>> balanced_index(np.array([0, 0, 0, 1, 1]), 3)
    array([0, 3, 1])
    """
    if limit is None or limit >= len(labels):
        return np.arange(len(labels))
    return np.lexsort((labels, _rank(labels)))[:limit]


def hold_out(
    labels: NDArray[np.int64], classes: Sequence[str], origin: Path
) -> dict[Split, NDArray[np.int64]]:
    """Return indices for training and for testing: every fifth image of each class is for testing.

    Args:
        labels: (N,) int64, indices into `classes`.
        classes: names of the classes, for the error text.
        origin: where the images come from, for the error text.

    Raises:
        UserError: a class has only one image.

    >>> hold_out(np.zeros(7, int), ["a"], Path("d"))["test"]
    array([0, 5])
    """
    lone = [name for name, n in zip(classes, np.bincount(labels), strict=False) if n == 1]
    if lone:
        raise UserError(
            f"These classes of {origin} have only one image: {', '.join(lone)}. Without separate "
            "test images, each class needs at least two images, since one is kept for testing."
        )
    test = _rank(labels) % _HOLD_OUT == 0
    return {"train": np.flatnonzero(~test), "test": np.flatnonzero(test)}


def _rank(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count, for each image, the images of its class before it."""
    rank = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        rank[labels == label] = np.arange(np.count_nonzero(labels == label))
    return rank
