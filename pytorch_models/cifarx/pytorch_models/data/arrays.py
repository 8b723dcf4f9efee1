"""Read inputs for a network from a .npy or .npz file of numpy."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import reading

ENDINGS = (".npy", ".npz")
LABELS = ("labels", "label", "y", "targets", "target")
"""Names under which an .npz file may hold labels."""
_LARGEST = 2**32  # bytes that are read
_ADVICE = (
    "Give one array [N, ...] of float32 inputs or of uint8 pixels [N, C, H, W]; of a network with "
    "several inputs an .npz file with one array under each input's name. Labels, [N] or of pixels "
    f"[N, H, W], go into the .npz file under one of the names {', '.join(LABELS)}."
)


@dataclass(frozen=True)
class InputArrays:
    """Inputs as a user saved them."""

    values: tuple[NDArray[Any], ...]
    """(N, ...) per input, float32 as the network takes them, or uint8 pixels."""
    labels: NDArray[np.int64]
    """(N,) or (N, H, W) from 0, -1 where a pixel has none; empty where the file has none."""


def read_arrays(path: Path, inputs: Sequence[str] = ("inputs",)) -> InputArrays:
    """Read a file that `numpy.save` or `numpy.savez` wrote; pickled objects are refused.

    Args:
        path: the file.
        inputs: names of the network's inputs; the array of an only one may have any name.

    Raises:
        UserError: the file is missing, damaged, of another kind or too large, it does not hold one
            array per input, or the labels do not fit.
    """
    with reading(path):
        if not path.is_file():
            raise UserError(f"--data {path} is not a file. {_ADVICE}")
        if (size := path.stat().st_size) > _LARGEST:
            raise UserError(f"--data {path} has {size:,} bytes, more than {_LARGEST:,}. {_ADVICE}")
        try:
            arrays = _loaded(path)
        except (ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
            raise UserError(
                f"--data {path} cannot be read as a file of numpy ({error}). {_ADVICE}"
            ) from error
    named = {name: array for name, array in arrays.items() if name in LABELS}
    others = {name: array for name, array in arrays.items() if name not in LABELS}
    if len(inputs) == len(others) == 1:
        others = dict(zip(inputs, others.values(), strict=True))
    if set(others) != set(inputs) or len(named) > 1:
        wanted = f" The network takes {', '.join(inputs)}." if len(inputs) > 1 else ""
        raise UserError(
            f"--data {path} holds the arrays {', '.join(arrays) or 'none'}; which of them are the "
            f"inputs is not clear.{wanted} {_ADVICE}"
        )
    values = [others[name] for name in inputs]
    for array in values:
        if array.dtype.newbyteorder("=") not in (np.float32, np.uint8) or array.ndim < 2:
            raise UserError(
                f"--data {path} holds {array.dtype} of shape {array.shape}, not inputs. {_ADVICE}"
            )
        if not len(array) or not np.isfinite(array).all():
            raise UserError(
                f"--data {path} holds no inputs, or numbers that are not finite. {_ADVICE}"
            )
    count = len(values[0])
    if any(len(array) != count for array in values):
        counts = ", ".join(f"{name} {len(others[name])}" for name in inputs)
        raise UserError(f"--data {path} holds different numbers of inputs ({counts}). {_ADVICE}")
    labels = np.empty(0, np.int64)
    for name, array in named.items():
        whole = array.ndim in (1, 3) and np.issubdtype(array.dtype, np.integer)
        lowest = 0 if array.ndim == 1 else -1
        if not whole or len(array) != count or array.min() < lowest:
            raise UserError(
                f"--data {path}: {name} is {array.dtype} of shape {array.shape}, not one class "
                f"number from 0 for each of the {count} inputs or each of their pixels. {_ADVICE}"
            )
        labels = array.astype(np.int64)
    native = (np.ascontiguousarray(x.astype(x.dtype.newbyteorder("="))) for x in values)
    return InputArrays(tuple(native), labels)


def _loaded(path: Path) -> dict[str, NDArray[Any]]:
    """The file's arrays by name, whatever its ending says; one array has the name 'inputs'."""
    with path.open("rb") as file:  # numpy leaves a damaged one open
        found = np.load(file, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return {"inputs": found}
        with found as archive:
            whole = sum(entry.file_size for entry in archive.zip.infolist())
            if whole > _LARGEST:
                raise ValueError(f"it unpacks to {whole:,} bytes, more than {_LARGEST:,}")
            return {name: archive[name] for name in archive.files}
