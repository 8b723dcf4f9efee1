"""Open the data that --data names."""

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
    f"Allowed: {', '.join(NAMES)}; a folder that holds one folder of images per class, IDX files "
    "(*-images-idx3-ubyte and *-labels-idx1-ubyte, uncompressed or .gz) or a training and a test "
    "CSV file; or a single CSV file, FILE.csv."
)


def reopen_data(origin: str, root: str) -> DataSet:
    """Open the data of a run again, from any working folder and without a download.

    Raises:
        UserError: the data are no longer there.
    """
    if origin in torchvision_sets.NAMES:
        return open_torchvision(origin, Path(root), download=False)
    return open_data(origin)


def open_data(data: str) -> DataSet:
    """Open a data set by name, or a folder or CSV file by path.

    Args:
        data: a name of `NAMES` (downloads are kept in $CIFARX_DATA, else in ./data), or the path of
            a folder of class folders, of IDX files or of two CSV files, or of a CSV file. Write
            './cifar10' for a folder that has the name of a data set.

    Raises:
        UserError: it is none of these, or the data set cannot be downloaded or read.

    >>> data = open_data("shapes")
    >>> data.classes[:3], len(data.labels("test"))
    (('disc', 'ring', 'square'), 1000)
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
        what = "it is a file, but not a CSV file" if path.exists() else "it does not exist"
    raise UserError(
        f"--data {data} is not the name of a data set, a folder or a CSV file ({what}). "
        f"{nearest(data, NAMES)}{_ALLOWED}"
    )


def _open_any_folder(path: Path) -> DataSet:
    if is_idx_folder(path):  # first, since Kaggle's Fashion-MNIST has both forms in one folder
        return open_idx(path)
    has_folders = any(p.is_dir() for p in listed(path))
    if csv_files(path) and not has_folders:  # beside class folders, CSV files are lists of images
        return open_csv(path)
    return open_folder(path)
