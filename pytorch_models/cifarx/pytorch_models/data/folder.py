"""Read a folder with one folder of images per class, as ImageFolder and imageDatastore do."""

from __future__ import annotations

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from cifarx.pytorch_models.data.images import DataSet, Images, Split, hold_out
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import reading

TEST_FOLDERS = ("test", "val", "valid", "validation")
_NOT_DATA = {"thumbs.db", "desktop.ini", "__macosx"}  # what file managers leave behind
_GREY = ("1", "L")  # Pillow's grey modes with at most 8 bits per pixel
_NO_IMAGE = (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError)

Files = tuple[tuple[Path, ...], NDArray[np.int64]]
"""Images and their labels, (N,)."""


def open_folder(path: Path) -> DataSet:
    """Open `path/train/CLASS/*` and `path/test/CLASS/*`, or `path/CLASS/*` alone.

    The classes are the folder names in alphabetical order. Without a test folder, every fifth image
    of each class is kept for testing. All images must have the same size. They are read as grey if
    all images of the data set are grey, else as RGB.

    Raises:
        UserError: there are no class folders, a class folder is empty or has folders in it, or
            train and test have different classes; and, from `read`, a file is not an image, has
            more than 8 bits per pixel or has another size.
    """
    path = path.resolve()
    train = path / "train"
    tests = [path / name for name in TEST_FOLDERS if (path / name).is_dir()]
    if train.is_dir() and tests:
        classes, train_files = _class_files(train)
        test_classes, test_files = _class_files(tests[0])
        if classes != test_classes:
            differing = sorted(set(classes) ^ set(test_classes))
            raise UserError(
                f"{train} and {tests[0]} have different class folders: {', '.join(differing)} in "
                "only one of them. Both must have the same classes."
            )
        splits: dict[Split, Files] = {"train": train_files, "test": test_files}
    else:
        classes, (files, labels) = _class_files(path)
        held_out = hold_out(labels, classes, path)
        splits = {
            s: (tuple(files[i] for i in index), labels[index]) for s, index in held_out.items()
        }
    every = [file for files, _ in splits.values() for file in files]
    all_grey = cache(partial(_all_grey, every))

    def read(split: Split, index: NDArray[np.int64] | None) -> Images:
        files, labels = splits[split]
        index = np.arange(len(files)) if index is None else index
        decoded = _decode_all(path, [files[i] for i in index])
        # If all of these are grey, the headers of all files tell whether the data set is grey.
        if not (all(image.ndim == 2 for image in decoded) and all_grey()):
            decoded = [np.stack([i] * 3, 2) if i.ndim == 2 else i for i in decoded]
        pixels = np.stack(decoded)
        pixels = pixels[:, None] if pixels.ndim == 3 else pixels.transpose(0, 3, 1, 2)
        return Images(np.ascontiguousarray(pixels), labels[index])

    return DataSet(path.name, str(path), classes, str(path), lambda split: splits[split][1], read)


def _class_files(folder: Path) -> tuple[tuple[str, ...], Files]:
    """Return the classes of a folder, their images and the labels."""
    found = {d.name: listed(d) for d in listed(folder) if d.is_dir()}
    nested = [f for files in found.values() for f in files if f.is_dir()]
    if nested:
        inner, example = nested[0].relative_to(folder), f"{folder.name}/cat/0001.jpg"
        raise UserError(
            f"There is a folder in a class folder of {folder}: {inner}. Expected images only, "
            f"directly in the class folders, such as {example}. If training and test images are in "
            f"separate folders, name their folders train and {' or '.join(TEST_FOLDERS[:2])} and "
            f"give the folder that holds both. If {nested[0].parent} holds the class folders, give "
            "that folder."
        )
    if not any(found.values()):
        raise UserError(
            f"There are no images in {folder}. Expected one folder of images per class, such as "
            f"{folder.name}/cat/0001.jpg, or train/cat/0001.jpg and test/cat/0001.jpg."
        )
    empty = [name for name, files in found.items() if not files]
    if empty:
        raise UserError(
            f"These class folders of {folder} have no images: {', '.join(empty)}. "
            "Add images, or remove the folders."
        )
    if len(found) < 2:
        raise UserError(
            f"{folder} has only one class folder, {next(iter(found))!r}, but a classifier needs at "
            "least two. Give the folder that holds the class folders."
        )
    labels = np.repeat(np.arange(len(found)), [len(files) for files in found.values()])
    return tuple(found), (tuple(f for files in found.values() for f in files), labels)


def listed(folder: Path) -> list[Path]:
    """List a folder by name, without hidden files and those of file managers.

    Names are compared as strings, since paths on Windows compare without case.
    """
    inside = (p for p in folder.iterdir() if not p.name.startswith("."))
    return sorted((p for p in inside if p.name.lower() not in _NOT_DATA), key=lambda p: p.name)


def _decode_all(root: Path, files: Sequence[Path]) -> list[NDArray[np.uint8]]:
    with ThreadPoolExecutor() as pool:  # Pillow releases the interpreter lock while it decodes
        decoded = list(pool.map(partial(_decode, root), files))
    for file, image in zip(files, decoded, strict=True):
        if image.shape[:2] != decoded[0].shape[:2]:
            raise UserError(
                f"The images of {root} differ in size: {files[0].relative_to(root)} is "
                f"{_size(decoded[0])}, {file.relative_to(root)} is {_size(image)}. "
                "All must have the same size; resize them first."
            )
    return decoded


def _decode(root: Path, path: Path) -> NDArray[np.uint8]:
    """Return (H, W) uint8 for a grey image, (H, W, 3) for any other."""
    with reading(path):
        content = path.read_bytes()
    try:
        with Image.open(io.BytesIO(content)) as image:
            mode = image.mode
            if not mode.startswith(("I", "F")):
                return np.asarray(image.convert("L" if mode in _GREY else "RGB"))
    except _NO_IMAGE as error:
        raise UserError(
            f"{path.relative_to(root)} in {root} cannot be read as an image ({error}). "
            "Class folders may hold only images; repair or remove the file."
        ) from error
    raise UserError(
        f"{path.relative_to(root)} in {root} has more than 8 bits per pixel (Pillow mode {mode}), "
        "which do not fit 0 to 255. Convert such images to 8 bits first; if they use all 16 bits, "
        "by dividing by 257, as ImageMagick's 'mogrify -depth 8' does."
    )


def _all_grey(files: Sequence[Path]) -> bool:
    """Tell from the headers whether all are grey; `read` reports files that are not images."""

    def grey(path: Path) -> bool:
        try:
            with Image.open(path) as image:
                return image.mode in _GREY
        except _NO_IMAGE:
            return True

    with ThreadPoolExecutor() as pool:
        return all(pool.map(grey, files))


def _size(image: NDArray[np.uint8]) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
