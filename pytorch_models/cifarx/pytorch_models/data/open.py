"""What --data names, opened."""

from __future__ import annotations

import os
from pathlib import Path

from cifarx.pytorch_models.data import shapes, torchvision_sets
from cifarx.pytorch_models.data.folder import listed, open_folder
from cifarx.pytorch_models.data.idx import is_idx_folder, open_idx
from cifarx.pytorch_models.data.images import DataSet
from cifarx.pytorch_models.data.kaggle_csv import csv_files, open_csv
from cifarx.pytorch_models.data.torchvision_sets import open_torchvision
from cifarx.pytorch_models.errors import UserError, nearest
from cifarx.pytorch_models.files import reading

_EMBEDDED = {"shapes": shapes.COLOUR, "shapes-grey": shapes.GREY}
NAMES = (*torchvision_sets.NAMES, *_EMBEDDED)
_ALLOWED = (
    f"Allowed: {', '.join(NAMES)}; a folder that holds one folder of images a class, IDX files "
    "(*-images-idx3-ubyte and *-labels-idx1-ubyte, as they are or .gz) or a training and a test "
    "CSV file; or one CSV file, FILE.csv."
)


def reopen_data(origin: str, root: str) -> DataSet:
    """Open again, from any folder and without a download, what a run was trained on.

    Raises:
        UserError: it is not there any more.
    """
    if origin in torchvision_sets.NAMES:
        return open_torchvision(origin, Path(root), download=False)
    return open_data(origin)


def open_data(data: str) -> DataSet:
    """Open a data set by name, or a folder or CSV file by path.

    Args:
        data: a name of `NAMES` (what is downloaded is kept in $CIFARX_DATA, else ./data), or the
            path of a folder of class folders, of IDX files or of two CSV files, or of a CSV file.
            A folder that happens to be called like a data set is meant by './cifar10'.

    Raises:
        UserError: none of these; or the data set cannot be had.
    """
    if not data.strip():
        raise UserError(f"--data is empty. {_ALLOWED}")
    if data in torchvision_sets.NAMES:
        return open_torchvision(data, Path(os.environ.get("CIFARX_DATA") or "data").resolve())
    if data in _EMBEDDED:
        return shapes.open_shapes(data, _EMBEDDED[data])
    path = Path(data)
    with reading(path):
        if path.is_dir():
            return _open_any_folder(path)
        if path.is_file() and path.suffix.lower() == ".csv":
            return open_csv(path)
        what = "a file that is no CSV file" if path.exists() else "not there"
    raise UserError(
        f"--data {data}: neither a data set's name nor a folder nor a CSV file (it is {what}). "
        f"{nearest(data, NAMES)}{_ALLOWED}"
    )


def _open_any_folder(path: Path) -> DataSet:
    if is_idx_folder(path):  # first, for Kaggle's Fashion-MNIST has both forms in one folder
        return open_idx(path)
    has_folders = any(p.is_dir() for p in listed(path))
    if csv_files(path) and not has_folders:  # beside class folders they are lists of these
        return open_csv(path)
    return open_folder(path)
