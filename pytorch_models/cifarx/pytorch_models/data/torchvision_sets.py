"""Download CIFAR-10, MNIST and Fashion-MNIST with torchvision and check them by MD5.

torchvision's loader reads CIFAR-10 and checks the unpacked files. Its MNIST loader does not check
them, so only its addresses, checksums and download are used, and the checked archives are read
here.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from http.client import HTTPException
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cifarx.pytorch_models.data.idx import read_images, read_labels
from cifarx.pytorch_models.data.images import DataSet, Images, Split
from cifarx.pytorch_models.data.mnist_like import DIGITS, FASHION
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import reading

NAMES = ("cifar10", "mnist", "fashion-mnist")
CIFAR10_CLASSES = (
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
_MNIST = {"mnist": ("MNIST", DIGITS), "fashion-mnist": ("Fashion-MNIST", FASHION)}
_COLOUR_INSTEAD = (
    "--data shapes (embedded, needs no download), or --data FOLDER with one folder of images per "
    "class"
)
_GREY_INSTEAD = (
    "--data shapes-grey (embedded, needs no download), or the same images in another format: "
    "--data FOLDER with IDX files or --data FILE.csv from Kaggle"
)
_CONNECT_SECONDS = 20.0
_FAILURES = (OSError, RuntimeError, EOFError, HTTPException)  # URLError is an OSError


@dataclass(frozen=True)
class _Archive:
    """A file to download."""

    path: Path
    urls: Sequence[str]
    md5: str


def open_torchvision(name: str, root: Path, *, download: bool = True) -> DataSet:
    """Open a data set of `NAMES` in `root`, in the folders that torchvision uses.

    Raises:
        UserError: the data set is damaged, or it is not there and cannot be downloaded.
    """
    if name == "cifar10":
        _load_cifar10(root, download, "test")
        load = cache(partial(_load_cifar10, root, False))
        return _data_set(name, CIFAR10_CLASSES, root, lambda split: load(split).labels, load)
    files = {archive.path.name.split("-ubyte")[0]: archive for archive in _mnist(name, root)}
    with _or_by_hand(_MNIST[name][0], list(files.values()), download, _GREY_INSTEAD):
        for archive in files.values():
            _fetch(archive, download)
    start: dict[Split, str] = {"train": "train", "test": "t10k"}
    labels = cache(lambda split: read_labels(files[f"{start[split]}-labels-idx1"].path))
    pixels = cache(lambda split: read_images(files[f"{start[split]}-images-idx3"].path)[:, None])
    return _data_set(
        name, _MNIST[name][1], root, labels, lambda split: Images(pixels(split), labels(split))
    )


def _data_set(
    name: str,
    classes: tuple[str, ...],
    root: Path,
    labels: Callable[[Split], NDArray[np.int64]],
    load: Callable[[Split], Images],
) -> DataSet:
    def read(split: Split, index: NDArray[np.int64] | None) -> Images:
        images = load(split)
        return images if index is None else images.select(index)

    return DataSet(name, name, classes, str(root), labels, read)


def _load_cifar10(root: Path, download: bool, split: Split) -> Images:
    from torchvision.datasets import CIFAR10

    archive = _Archive(root / CIFAR10.filename, [CIFAR10.url], CIFAR10.tgz_md5)
    with _or_by_hand("CIFAR-10", [archive], download, _COLOUR_INSTEAD):
        unpack = download or _whole(archive)  # with the archive present, this needs no network
        loaded = CIFAR10(str(root), train=split == "train", download=unpack)
    pixels = np.ascontiguousarray(loaded.data.transpose(0, 3, 1, 2))
    return Images(pixels, np.asarray(loaded.targets, np.int64))


def _mnist(name: str, root: Path) -> list[_Archive]:
    from torchvision import datasets

    kind = {"mnist": datasets.MNIST, "fashion-mnist": datasets.FashionMNIST}[name]
    folder = root / kind.__name__ / "raw"
    return [
        _Archive(folder / file, [mirror + file for mirror in kind.mirrors], md5)
        for file, md5 in kind.resources
    ]


def _whole(archive: _Archive) -> bool:
    from torchvision.datasets.utils import check_integrity

    with suppress(OSError):
        return bool(check_integrity(str(archive.path), archive.md5))
    return False


def _fetch(archive: _Archive, download: bool) -> None:
    from torchvision.datasets.utils import download_url

    if _whole(archive):
        return
    failures = []
    for url in archive.urls if download else ():
        try:
            download_url(url, str(archive.path.parent), archive.path.name, archive.md5)
            return
        except _FAILURES as error:
            failures.append(f"{url}: {error}")
    raise RuntimeError("; ".join(failures))


@contextmanager
def _or_by_hand(
    title: str, archives: Sequence[_Archive], download: bool, instead: str
) -> Iterator[None]:
    """If the block fails, remove partial downloads and explain how to get the archives by hand."""
    folder = archives[0].path.parent
    with reading(folder):
        ours = [*(archive.path for archive in archives), folder, *folder.parents]
        new = [path for path in ours if not path.exists()]
    previous = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_CONNECT_SECONDS)  # a firewall that drops packets would hang minutes
    try:
        yield
    except _FAILURES as error:
        _remove_debris(archives, new)
        broken = [a for a in archives if not _whole(a)]
        damaged = ", ".join(a.path.name for a in broken if a.path.exists())
        state = f"is damaged in {folder} ({damaged})" if damaged else f"is not in {folder}"
        why = (
            f"it could not be downloaded ({error})"
            if download
            else "only a new training downloads it"
        )
        wanted = broken or archives
        files = ", ".join(f"{a.path.name} (MD5 {a.md5})" for a in wanted)
        address = wanted[0].urls[0].removesuffix(wanted[0].path.name)  # the same for all files
        names = wanted[0].path.name if len(wanted) == 1 else "these files"
        raise UserError(
            f"{title} {state}, and {why}. Download {address}{files} on a machine with internet "
            f"access, put {names} into {folder}, and run the same command again. Or use "
            f"{instead}."
        ) from error
    except BaseException:  # Ctrl-C during a download
        _remove_debris(archives, new)
        raise
    finally:
        socket.setdefaulttimeout(previous)


def _remove_debris(archives: Sequence[_Archive], new: Sequence[Path]) -> None:
    """Remove the new files that are incomplete and the new folders that are empty."""
    for archive in archives:
        if archive.path in new and not _whole(archive):
            with suppress(OSError):
                archive.path.unlink()
    for path in sorted(new, key=lambda p: len(p.parts), reverse=True):
        with suppress(OSError):  # not empty, or not a folder
            path.rmdir()
