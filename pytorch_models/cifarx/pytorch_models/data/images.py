"""What a data set is to the rest of cifarx."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Split = Literal["train", "test"]


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
    read: Callable[[Split, int | None], Images]
    """(split, limit) -> at most `limit` of its images, evenly over the classes."""


def balanced_index(labels: NDArray[np.int64], limit: int | None) -> NDArray[np.int64]:
    """Indices of the first images of each class in turn, `limit` of them (None: all, in order)."""
    if limit is None or limit >= len(labels):
        return np.arange(len(labels))
    rank = np.empty(len(labels), np.int64)  # how many of its class come before an image
    for label in np.unique(labels):
        rank[labels == label] = np.arange(np.count_nonzero(labels == label))
    return np.lexsort((labels, rank))[:limit]
