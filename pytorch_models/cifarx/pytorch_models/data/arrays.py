"""Read inputs for a network from a .npy or .npz file of numpy."""

from __future__ import annotations

import zipfile
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
    "Give one array [N, C, H, W] of float32 inputs or of uint8 pixels, in an .npz file with its "
    f"labels [N] beside it under one of the names {', '.join(LABELS)} if there are any."
)


@dataclass(frozen=True)
class InputArrays:
    """Inputs as a user saved them."""

    values: NDArray[Any]
    """(N, ...), float32 as the network takes them, or uint8 pixels."""
    labels: NDArray[np.int64]
    """(N,), from 0; empty where the file has none."""


def read_arrays(path: Path) -> InputArrays:
    """Read a file that `numpy.save` or `numpy.savez` wrote; pickled objects are refused.

    Raises:
        UserError: the file is missing, damaged, of another kind or too large, it holds several
            arrays that could be the inputs, or the labels do not fit.
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
    if len(others) != 1 or len(named) > 1:
        raise UserError(
            f"--data {path} holds the arrays {', '.join(arrays) or 'none'}; which of them are the "
            f"inputs is not clear. {_ADVICE}"
        )
    (values,) = others.values()
    if values.dtype.newbyteorder("=") not in (np.float32, np.uint8) or values.ndim < 2:
        raise UserError(
            f"--data {path} holds {values.dtype} of shape {values.shape}, not inputs. {_ADVICE}"
        )
    if not len(values) or not np.isfinite(values).all():
        raise UserError(f"--data {path} holds no inputs, or numbers that are not finite. {_ADVICE}")
    labels = np.empty(0, np.int64)
    for name, array in named.items():
        whole = array.ndim == 1 and np.issubdtype(array.dtype, np.integer)
        if not whole or len(array) != len(values) or array.min() < 0:
            raise UserError(
                f"--data {path}: {name} is {array.dtype} of shape {array.shape}, not one class "
                f"number from 0 for each of the {len(values)} inputs. {_ADVICE}"
            )
        labels = array.astype(np.int64)
    return InputArrays(np.ascontiguousarray(values.astype(values.dtype.newbyteorder("="))), labels)


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
