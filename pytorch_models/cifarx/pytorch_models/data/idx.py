"""Read IDX files, the format of MNIST: images in one file, labels in another.

A file is two zero bytes, the type (8: unsigned byte), the number of dimensions, each dimension as
a big-endian 32-bit number, and the values, with the last dimension varying fastest
(http://yann.lecun.com/exdb/mnist/, "the IDX file format").
"""

from __future__ import annotations

import gzip
import math
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cifarx.pytorch_models.data.images import DataSet
from cifarx.pytorch_models.data.mnist_like import DIGITS, class_names, open_parts
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import reading

Kind = Literal["images", "labels"]
_NAMES = re.compile(r"(.*?)[-._]?(images[-.]idx3|labels[-.]idx1)-ubyte(\.gz)?", re.IGNORECASE)
_MAGIC = {"images": bytes([0, 0, 8, 3]), "labels": bytes([0, 0, 8, 1])}


@dataclass(frozen=True)
class Pair:
    """The two files of the training or test images."""

    images: Path
    labels: Path


def is_idx_folder(folder: Path) -> bool:
    """Tell whether the folder has files named like IDX files, `*-images-idx3-ubyte[.gz]` etc."""
    return bool(_pairs(folder))


def open_idx(folder: Path) -> DataSet:
    """Open a folder with a training and a test pair of IDX files, or with one pair of any name.

    Raises:
        UserError: the folder has other pairs than these, or files that do not belong together;
            and, from `labels` and `read`, a file is damaged or has a label above 9.
    """
    folder = folder.resolve()
    pairs = _training_and_test(folder)
    sizes = {pair.images: _checked_size(pair) for pair in pairs}
    if len(set(sizes.values())) > 1:
        listed = ", those of ".join(f"{path.name} are {w}x{h}" for path, (h, w) in sizes.items())
        raise UserError(
            f"The images of {folder} differ in size: those of {listed}. Training and test images "
            "must have the same size."
        )
    classes = class_names(*(pair.images for pair in pairs))
    return open_parts(folder, classes, pairs, lambda pair: read_labels(pair.labels), _pixels)


def read_images(path: Path) -> NDArray[np.uint8]:
    """Read an IDX file of images, compressed if its name ends in .gz.

    Returns:
        (N, H, W) uint8.

    Raises:
        UserError: the file cannot be read or is not such a file; the text names file and image.
    """
    return _read(path, "images")


def read_labels(path: Path) -> NDArray[np.int64]:
    """Read an IDX file of labels, compressed if its name ends in .gz.

    Returns:
        (N,) int64 in 0..9.

    Raises:
        UserError: the file cannot be read, is not such a file or has a label above 9.

    >>> _ = Path("a-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    >>> read_labels(Path("a-labels-idx1-ubyte"))
    array([7, 2, 1])
    """
    labels = _read(path, "labels")
    wrong = np.flatnonzero(labels >= len(DIGITS))
    if len(wrong):
        raise UserError(
            f"{path}: the label of image {wrong[0] + 1:,} is {labels[wrong[0]]}, but labels must "
            f"be 0 to {len(DIGITS) - 1}. Relabel these images, or leave them out."
        )
    return labels.astype(np.int64)


def _pixels(pair: Pair) -> NDArray[np.uint8]:
    return read_images(pair.images)[:, None]


def _pairs(folder: Path) -> dict[str, dict[str, Path]]:
    """Return the files by the start of their name: {'train': {'images': path, 'labels': path}}."""
    found: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.iterdir()):  # NAME.gz, which has a CRC, comes last and is used
        name = _NAMES.fullmatch(path.name)
        if name and path.is_file():
            kind = name[2].lower()[: len("images")]
            found.setdefault(name[1], {})[kind] = path
    return found


def _training_and_test(folder: Path) -> tuple[Pair, ...]:
    found = _pairs(folder)
    for name, files in found.items():
        for kind, number in (("images", 3), ("labels", 1)):
            if kind not in files:
                there = next(iter(files.values())).name
                wanted = "-".join(filter(None, (name, kind, f"idx{number}-ubyte")))
                raise UserError(
                    f"{folder} holds {there} but not the {kind} that belong to it. Put "
                    f"{wanted} or {wanted}.gz in the same folder."
                )
    pairs = {name: Pair(files["images"], files["labels"]) for name, files in found.items()}
    train = [pair for name, pair in pairs.items() if "train" in name.lower()]
    test = [pair for name, pair in pairs.items() if re.search("t10k|test", name.lower())]
    if len(pairs) == 1:
        return tuple(pairs.values())
    if len(pairs) == 2 and len(train) == len(test) == 1 and train != test:
        return train[0], test[0]
    raise UserError(
        f"{folder} holds {len(pairs)} pairs of IDX files, named {', '.join(pairs)}. Expected one "
        "pair with 'train' and one with 't10k' or 'test' in its name, or a single pair, of which "
        "every fifth image is kept for testing. Put each data set in a separate folder."
    )


def _checked_size(pair: Pair) -> tuple[int, int]:
    """Read height and width of the images from the headers."""
    count, height, width = _shape(_start(pair.images, 16), pair.images, "images")
    (labels,) = _shape(_start(pair.labels, 8), pair.labels, "labels")
    if count != labels:
        raise UserError(
            f"{pair.images} holds {count:,} images, but {pair.labels.name} beside it holds "
            f"{labels:,} labels. The two files must be complete and belong together; download both "
            "again."
        )
    return height, width


def _start(path: Path, length: int = -1) -> bytes:
    """Read the first bytes of the file, uncompressed; without `length`, all of them."""
    with reading(path):
        try:
            with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
                return file.read(length)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise UserError(
                f"{path} is not a complete gzip file ({error}). Download it again or, if it is not "
                "compressed, remove .gz from its name."
            ) from error


def _shape(content: bytes, path: Path, kind: Kind) -> tuple[int, ...]:
    magic = _MAGIC[kind]
    if content[:4] != magic:
        raise UserError(
            f"{path} is not an IDX file of {kind}: it begins with the bytes "
            f"{content[:4].hex(' ') or '(none)'}, but such a file begins with {magic.hex(' ')}. "
            "Download the file again, or rename it if it holds something else."
        )
    dimensions = np.frombuffer(content[4 : 4 + 4 * magic[3]].ljust(4 * magic[3], b"\0"), ">u4")
    if not dimensions.all():
        raise UserError(
            f"{path} holds no {kind}: its header is truncated or gives the size "
            f"{' x '.join(map(str, dimensions))}. Download the file again."
        )
    return tuple(map(int, dimensions))


def _read(path: Path, kind: Kind) -> NDArray[np.uint8]:
    content = _start(path)
    shape = _shape(content, path, kind)
    header, each = 4 + 4 * len(shape), math.prod(shape[1:])
    given, wanted = len(content) - header, shape[0] * each
    if given < wanted:
        raise UserError(
            f"{path} is truncated: it ends in image {given // each + 1:,} of the {shape[0]:,} that "
            "its header promises. Download the file again."
        )
    if given > wanted:
        raise UserError(
            f"{path} has {given - wanted:,} bytes after the last of the {shape[0]:,} {kind} that "
            "its header promises. Download the file again."
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
