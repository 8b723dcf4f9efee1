"""Read MNIST and Fashion-MNIST in Kaggle's form: CSV with one image per row, label first."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cifarx.pytorch_models.data.images import DataSet, Images
from cifarx.pytorch_models.data.mnist_like import DIGITS, class_names, open_parts
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import reading

SIZE = 28
COLUMNS = 1 + SIZE * SIZE
_BLOCK = 1_000  # rows parsed at once, and searched cell by cell only if one has a fault
_EXPECTED = (
    f"Expected one row per image with {COLUMNS} comma-separated whole numbers: the label, 0 to 9, "
    f"and {COLUMNS - 1} pixels, 0 to 255, of a {SIZE}x{SIZE} image row by row."
)


def csv_files(folder: Path) -> list[Path]:
    """List the CSV files in the folder, without subfolders."""
    return sorted(f for f in folder.iterdir() if f.suffix.lower() == ".csv" and f.is_file())


def open_csv(path: Path) -> DataSet:
    """Open one CSV file, or a folder with one 'train' and one 'test' CSV file.

    Of a single file, every fifth image of each class is for testing.

    Raises:
        UserError: the folder has other CSV files than these; and, from `labels` and `read`, as
            `read_csv`.
    """
    path = path.resolve()
    files = _parts(path)
    table = cache(read_csv)
    return open_parts(
        path,
        class_names(*files),
        files,
        lambda file: table(file).labels,
        lambda file: table(file).pixels,
    )


def read_csv(path: Path) -> Images:
    r"""Read rows of 785 whole numbers: the label, then the pixels of a 28x28 image row by row.

    If the first cell of the first row is not a number, that row is a header.

    Returns:
        Images of (N, 1, 28, 28).

    Raises:
        UserError: the file is not text, has no rows, or has a row of another form; the text names
            file and row.

    >>> _ = Path("a.csv").write_text("label" + 784 * ",pixel" + "\n7" + 784 * ",255")
    >>> images = read_csv(Path("a.csv"))
    >>> images.pixels.shape, images.labels
    ((1, 1, 28, 28), array([7]))
    """
    lines = _lines(path)
    skip = int(not _is_number(_cells(lines[0])[0]))
    if skip:
        _check_header(path, lines[0])
    rows = lines[skip:]
    if not rows:
        raise UserError(f"{path} has a header and no rows. {_EXPECTED}")
    if all(row.count(",") == COLUMNS - 2 for row in rows):
        raise UserError(
            f"{path} has {COLUMNS - 1} columns in every row: the labels are missing, as in "
            "test.csv of Kaggle's digit-recognizer competition. Give only the file that has "
            "labels, such as --data train.csv; every fifth of its images is then kept for testing."
        )
    table = np.empty((len(rows), COLUMNS), np.uint8)
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        values = _table(block)
        if values is None:
            raise UserError(f"{path}{_first_fault(block, 1 + skip + start)}")
        table[start : start + len(block)] = values
    pixels = np.ascontiguousarray(table[:, 1:]).reshape(-1, 1, SIZE, SIZE)
    return Images(pixels, table[:, 0].astype(np.int64))


def _parts(path: Path) -> tuple[Path, ...]:
    if not path.is_dir():
        return (path,)
    files = csv_files(path)
    train = [f for f in files if "train" in f.name.lower()]
    test = [f for f in files if "test" in f.name.lower()]
    if len(train) == len(test) == 1 and train != test:
        return train[0], test[0]
    raise UserError(
        f"{path} holds the CSV files {', '.join(f.name for f in files)}. Expected one with 'train' "
        "and one with 'test' in its name. To use a single file, with every fifth image of each "
        f"class kept for testing, give that file: --data {files[0]}."
    )


def _lines(path: Path) -> list[str]:
    try:
        with reading(path):
            text = path.read_text("utf-8-sig")  # spreadsheets write U+FEFF first
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path} is not a CSV file: it is not UTF-8 text ({error.reason} at byte "
            f"{error.start:,}). {_EXPECTED}"
        ) from error
    if "\0" in text:
        raise UserError(f"{path} is not a CSV file: it holds binary data. {_EXPECTED}")
    text = text.rstrip()
    if not text:
        raise UserError(f"{path} is empty. {_EXPECTED}")
    return text.split("\n")


def _check_header(path: Path, header: str) -> None:
    names = [name.lower() for name in _cells(header)]
    for name in ("label", "class"):  # otherwise a corner pixel would be taken for the label
        if name in names[1:] and names[0] not in ("label", "class"):
            raise UserError(
                f"{path} has its labels in column {names.index(name) + 1}, {name!r}, but they must "
                f"be in the first. {_EXPECTED}"
            )


def _table(rows: Sequence[str]) -> NDArray[np.int16] | None:
    """Parse rows to (N, 785) with all values in range; None if there is a fault."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # numpy before 2 reads 1.5 as 1 with a warning
            table = np.loadtxt(rows, np.int16, delimiter=",", comments=None, quotechar='"', ndmin=2)
    except (ValueError, OverflowError, Warning):
        return None
    if table.shape != (len(rows), COLUMNS):  # loadtxt skips blank lines
        return None
    labels, pixels = table[:, 0], table[:, 1:]
    in_range = labels.min() >= 0 and labels.max() < len(DIGITS)
    in_range = in_range and pixels.min() >= 0 and pixels.max() <= 255
    return table if in_range else None


def _first_fault(rows: Sequence[str], first: int) -> str:
    """Describe the first fault; `first` is the line number of `rows[0]`."""
    for line, row in enumerate(rows, first):
        cells = _cells(row)
        if len(cells) != COLUMNS:
            found = len(cells) if row.strip() else 0
            return f", row {line} has {found} column{'s' * (found != 1)}. {_EXPECTED}"
        for column, cell in enumerate(cells, 1):
            top, what = (len(DIGITS) - 1, "label") if column == 1 else (255, "pixel")
            if not re.fullmatch(r"[+-]?[0-9]{1,9}", cell):
                kind = "whole number" if _is_number(cell) else "number"
                return f", row {line}, column {column}: {cell[:20]!r} is not a {kind}. {_EXPECTED}"
            if not 0 <= int(cell) <= top:
                return (
                    f", row {line}, column {column}: the {what} {cell} is not in 0 to {top}. "
                    f"{_EXPECTED}"
                )
    return f" cannot be read as a table of numbers. {_EXPECTED}"


def _cells(row: str) -> list[str]:
    return [cell.strip().strip('"').strip() for cell in row.split(",")]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
