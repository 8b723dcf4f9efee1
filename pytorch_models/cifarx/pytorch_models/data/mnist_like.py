"""Open data sets like MNIST: labels 0..9, and one file or pair of files per part."""

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

Stored = TypeVar("Stored")
"""The file, or pair of files, of the training or test images."""


def class_names(*files: Path) -> tuple[str, ...]:
    """Return Fashion-MNIST's classes if a file's or folder's name has 'fashion', else digits.

    >>> class_names(Path("fashion/train.csv"))[1], class_names(Path("mnist/train.csv"))[1]
    ('Trouser', '1')
    """
    names = {name.lower() for file in files for name in (file.name, file.parent.name)}
    return FASHION if any("fashion" in name for name in names) else DIGITS


def open_parts(
    path: Path,
    classes: tuple[str, ...],
    parts: Sequence[Stored],
    read_labels: Callable[[Stored], NDArray[np.int64]],
    read_pixels: Callable[[Stored], NDArray[np.uint8]],
) -> DataSet:
    """Open a data set of a training and a test part, or of one part that is split.

    Args:
        path: the folder or file, which gives name and origin.
        classes: names of the ten classes.
        parts: (training, test), or one part, of which every fifth image of each class is for
            testing.
        read_labels: part -> (N,) int64 in 0..9, called once per part.
        read_pixels: part -> (N, 1, H, W) uint8, called once per part.
    """
    labels_of, pixels_of = cache(read_labels), cache(read_pixels)

    def place(split: Split) -> tuple[Stored, NDArray[np.int64]]:
        """Return the part that holds the split, and the indices of its images there."""
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
