"""A folder of class folders of images, as torchvision's ImageFolder and imageDatastore read it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from cifarx.pytorch_models.data.images import DataSet, Images, Split, balanced_index
from cifarx.pytorch_models.errors import UserError

_TEST_FOLDERS = ("test", "val", "valid", "validation")
_NOT_DATA = {"thumbs.db", "desktop.ini"}  # what file managers leave behind
_HOLD_OUT = 5  # without a test folder, every fifth image of a class is for testing


def open_folder(path: Path) -> DataSet:
    """Open `path/train/CLASS/*` and `path/test/CLASS/*`, or `path/CLASS/*` alone.

    Class names are the folders' names in alphabetical order. Of `path/CLASS/*` alone, every fifth
    image of each class is kept for testing. Images must have one size; they are read as grey where
    all are grey, else as RGB.

    Raises:
        UserError: no class folders, a class folder without images, train and test that differ in
            their classes; and, from `read`, a file that is no image or is of another size.
    """
    path = path.resolve()
    train = path / "train"
    tests = [path / name for name in _TEST_FOLDERS if (path / name).is_dir()]
    if train.is_dir() and tests:
        files = {"train": _class_files(train), "test": _class_files(tests[0])}
        if files["train"].keys() != files["test"].keys():
            differing = sorted(files["train"].keys() ^ files["test"].keys())
            raise UserError(
                f"{train} and {tests[0].name}/ beside it have different class folders: "
                f"{', '.join(differing)} in only one of them. Both must have the same classes."
            )
    else:
        every = _class_files(path)
        lone = [name for name, fs in every.items() if len(fs) < 2]
        if lone:
            raise UserError(
                f"These class folders of {path} have only one image: {', '.join(lone)}. Without a "
                "test folder at least two are needed, one of them for testing."
            )
        files = {
            "train": {c: [f for i, f in enumerate(fs) if i % _HOLD_OUT] for c, fs in every.items()},
            "test": {c: fs[::_HOLD_OUT] for c, fs in every.items()},
        }
    classes = tuple(files["train"])
    return DataSet(path.name, str(path), classes, str(path), partial(_read, path, files))


def _class_files(folder: Path) -> dict[str, list[Path]]:
    found = {
        d.name: sorted((f for f in d.iterdir() if f.is_file() and not _ignored(f)), key=_name)
        for d in sorted(folder.iterdir(), key=_name)
        if d.is_dir() and not _ignored(d)
    }
    if not any(found.values()):
        raise UserError(
            f"There are no images in {folder}. Expected one folder a class with images in it, "
            f"such as {folder.name}/cat/0001.jpg, or train/cat/0001.jpg and test/cat/0001.jpg."
        )
    empty = [name for name, files in found.items() if not files]
    if empty:
        raise UserError(
            f"These class folders of {folder} have no images: {', '.join(empty)}. "
            "Put images there, or remove the folders."
        )
    if len(found) < 2:
        raise UserError(
            f"{folder} has only one class folder, {next(iter(found))!r}; a classifier needs at "
            "least two. Give the folder that holds the class folders."
        )
    return found


def _name(path: Path) -> str:
    return path.name  # paths themselves compare without regard to case on Windows


def _ignored(path: Path) -> bool:
    return path.name.startswith(".") or path.name.lower() in _NOT_DATA


def _read(
    root: Path, files: dict[str, dict[str, list[Path]]], split: Split, limit: int | None
) -> Images:
    paths = [(f, label) for label, fs in enumerate(files[split].values()) for f in fs]
    labels = np.array([label for _, label in paths], np.int64)
    index = balanced_index(labels, limit)
    chosen = [paths[i][0] for i in index]
    with ThreadPoolExecutor() as pool:  # Pillow decodes outside the interpreter's lock
        decoded = list(pool.map(partial(_decode, root), chosen))
    if not all(image.ndim == 2 for image in decoded):
        decoded = [np.stack([i] * 3, 2) if i.ndim == 2 else i for i in decoded]
    for path, image in zip(chosen, decoded, strict=True):
        if image.shape != decoded[0].shape:
            raise UserError(
                f"The images of {root} differ in size: {chosen[0].relative_to(root)} is "
                f"{_size(decoded[0])}, {path.relative_to(root)} is {_size(image)}. "
                "All must have one size; resize them first."
            )
    pixels = np.stack(decoded)
    pixels = pixels[:, None] if pixels.ndim == 3 else pixels.transpose(0, 3, 1, 2)
    return Images(np.ascontiguousarray(pixels), labels[index])


def _decode(root: Path, path: Path) -> NDArray[np.uint8]:
    """(H, W) uint8 for a grey image, (H, W, 3) for any other."""
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise UserError(
            f"{path.relative_to(root)} in {root} cannot be read as an image ({error}). "
            "A class folder may hold images only; repair or remove the file."
        ) from error


def _size(image: NDArray[np.uint8]) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
