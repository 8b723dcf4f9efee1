"""CIFAR-10 by torchvision's loader, downloaded and checked where the network allows it."""

from __future__ import annotations

import socket
from contextlib import suppress
from functools import cache, partial
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cifarx.pytorch_models.data.images import DataSet, Images, Split, balanced_index
from cifarx.pytorch_models.errors import UserError

if TYPE_CHECKING:
    from torchvision.datasets import CIFAR10

CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
_CONNECT_SECONDS = 20.0


def open_cifar10(root: Path, *, download: bool = True) -> DataSet:
    """Open CIFAR-10 in `root`: cifar-10-batches-py/, or cifar-10-python.tar.gz, or a download.

    Raises:
        UserError: neither there nor downloadable, or damaged (torchvision checks MD5 sums).
    """
    _dataset(root, True, download)
    return DataSet("cifar10", "cifar10", CLASSES, str(root), partial(_read, root))


def _read(root: Path, split: Split, limit: int | None) -> Images:
    dataset = _dataset(root, split == "train", False)
    labels = np.asarray(dataset.targets, np.int64)
    index = balanced_index(labels, limit)
    pixels = np.ascontiguousarray(dataset.data[index].transpose(0, 3, 1, 2))
    return Images(pixels, labels[index])


@cache
def _dataset(root: Path, train: bool, download: bool) -> CIFAR10:
    from torchvision.datasets import CIFAR10

    had_root = root.exists()
    had_archive = (root / CIFAR10.filename).exists()
    previous = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_CONNECT_SECONDS)  # without it a silent firewall hangs for minutes
    try:
        return CIFAR10(str(root), train=train, download=download)
    except (OSError, RuntimeError, EOFError, HTTPException) as error:  # URLError is an OSError
        if not had_archive:
            (root / CIFAR10.filename).unlink(missing_ok=True)  # cut short, or not what was asked
        if not had_root:
            with suppress(OSError):
                root.rmdir()  # torchvision makes it first; it stays if anything is in it
        raise UserError(
            f"CIFAR-10 is not in {root} and {_why(error, download)}. Download "
            f"{CIFAR10.url} (MD5 {CIFAR10.tgz_md5}) on a machine that can, put {CIFAR10.filename} "
            f"into {root}, and run the same command again. Or use what is here: --data shapes "
            "(embedded, needs no download), or --data FOLDER with one folder of images a class."
        ) from error
    finally:
        socket.setdefaulttimeout(previous)


def _why(error: Exception, download: bool) -> str:
    return f"could not be downloaded ({error})" if download else "is not downloaded for this"
