"""What --data names, opened."""

from __future__ import annotations

import os
from pathlib import Path

from cifarx.pytorch_models.data import shapes
from cifarx.pytorch_models.data.cifar10 import open_cifar10
from cifarx.pytorch_models.data.folder import open_folder
from cifarx.pytorch_models.data.images import DataSet, Images, Split
from cifarx.pytorch_models.errors import UserError, nearest

NAMES = ("cifar10", "shapes")
_SHAPES = {"train": (5_000, 1), "test": (1_000, 2)}  # images, seed


def reopen_data(origin: str, root: str) -> DataSet:
    """Open again, from any folder and without a download, what a run was trained on.

    Raises:
        UserError: it is not there any more.
    """
    if origin == "cifar10":
        return open_cifar10(Path(root), download=False)
    return open_data(origin)


def open_data(data: str) -> DataSet:
    """Open a data set by name, or a folder of class folders by path.

    Args:
        data: 'cifar10' (kept in $CIFARX_DATA, else ./data), 'shapes', or a folder's path. A folder
            that happens to be called like a data set is meant by './cifar10'.

    Raises:
        UserError: neither a known name nor a folder; or the data set cannot be had.
    """
    if data == "cifar10":
        return open_cifar10(Path(os.environ.get("CIFARX_DATA") or "data").resolve())
    if data == "shapes":
        return DataSet("shapes", "shapes", shapes.CLASSES, "", _read_shapes)
    if Path(data).is_dir():
        return open_folder(Path(data))
    what = "is a file" if Path(data).exists() else "is not there"
    raise UserError(
        f"--data {data}: neither a data set's name nor a folder ({what}). "
        f"{nearest(data, NAMES)}Allowed: {', '.join(NAMES)}, or a folder that holds one folder "
        "of images a class."
    )


def _read_shapes(split: Split, limit: int | None) -> Images:
    count, seed = _SHAPES[split]
    return Images(*shapes.generate(count if limit is None else min(limit, count), seed=seed))
