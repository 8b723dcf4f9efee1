"""Data sets in MNIST's manner: labels 0..9, and one file or pair of files for each part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cifarx.pytorch_models.data.images import DataSet, Images, Split, hold_out

DIGITS = tuple("0123456789")
FASHION = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)  # torchvision's spelling

Part = TypeVar("Part")


def class_names(*files: Path) -> tuple[str, ...]:
    """Fashion-MNIST's classes where 'fashion' is in a file's or its folder's name, else digits."""
    names = {name.lower() for file in files for name in (file.name, file.parent.name)}
    return FASHION if any("fashion" in name for name in names) else DIGITS


def open_parts(
    path: Path,
    classes: tuple[str, ...],
    parts: Sequence[Part],
    read_labels: Callable[[Part], NDArray[np.int64]],
    read_pixels: Callable[[Part], NDArray[np.uint8]],
) -> DataSet:
    """A data set of a training and a test part, or of one part that is split.

    Args:
        path: the folder or file, which gives the name and the origin.
        classes: names of the ten classes.
        parts: (training, test), or one, of which every fifth image of each class is for testing.
        read_labels: part -> (N,) int64, in 0..9, called once a part.
        read_pixels: part -> (N, 1, H, W) uint8, called once a part.
    """
    labels_of, pixels_of = cache(read_labels), cache(read_pixels)

    def place(split: Split) -> tuple[Part, NDArray[np.int64]]:
        """The part that the split is in, and the indices of its images there."""
        if len(parts) == 1:
            return parts[0], hold_out(labels_of(parts[0]), classes, path)[split]
        part = parts[split == "test"]
        return part, np.arange(len(labels_of(part)))

    def labels(split: Split) -> NDArray[np.int64]:
        part, within = place(split)
        return labels_of(part)[within]

    def read(split: Split, index: NDArray[np.int64] | None) -> Images:
        part, within = place(split)
        chosen = within if index is None else within[index]
        return Images(pixels_of(part)[chosen], labels_of(part)[chosen])

    root = path if path.is_dir() else path.parent
    name = path.name if path.is_dir() else path.stem
    return DataSet(name, str(path), classes, str(root), labels, read)
