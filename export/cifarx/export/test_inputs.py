"""The inputs of the test batch of a network that is not a run: the user's data, or noise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Shape
from cifarx.export.network.model_card import ModelCard
from cifarx.pytorch_models.data.arrays import ENDINGS, read_arrays
from cifarx.pytorch_models.data.open import open_data
from cifarx.pytorch_models.data.split import Part
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.preprocess import preprocess

MOST, FEWEST = 64, 16
"""Inputs of a test batch: as many as float64 takes some ten seconds for, within these limits."""
_PRODUCTS = 5e10  # that PyTorch computes in float64 in some ten seconds on two cores
_NONE = np.empty(0, np.int64)


@dataclass(frozen=True)
class TestInputs:
    """Inputs with what is known of them."""

    __test__ = False  # not a test class

    inputs: NDArray[np.float32]
    """(N, C, H, W), as the network takes them."""
    images: NDArray[np.uint8]
    """(N, C, H, W), the pixels that they are of; (0, C, H, W) where there are none."""
    labels: NDArray[np.int64]
    """(N,), from 0; empty where they are unknown."""
    classes: tuple[str, ...] = ()
    """Names of the data's classes, if it has any."""
    origin: str = "noise"

    def first(self, count: int) -> TestInputs:
        """The first `count` of them."""
        some = slice(count)
        images, labels = self.images[some], self.labels[some]
        return TestInputs(self.inputs[some], images, labels, self.classes, self.origin)


def batch_size(products: int) -> int:
    """How many inputs the default test batch has: 64, for large networks fewer, at least 16.

    Args:
        products: multiplications that the network takes per input.

    >>> batch_size(41_000_000), batch_size(4_100_000_000)
    (64, 16)
    """
    return int(min(MOST, max(FEWEST, _PRODUCTS // max(1, products))))


def products_of(graph: LayerGraph) -> int:
    """Multiplications by weights that a network takes per input."""
    shapes = graph.shapes()
    return sum(
        array.value.size * _positions(shapes[layer.name])
        for layer in graph.layers
        for key, array in layer.arrays.items()
        if key == "Weights"
    )


def _positions(shape: Shape) -> int:
    """Places at which a layer applies its weights."""
    return shape[1] * shape[2] if len(shape) == 3 else 1


def noise(size: tuple[int, int, int], card: ModelCard, count: int) -> TestInputs:
    """Random inputs (N, C, H, W), the same in every version of numpy: pixels where the card says
    how these are normalised, else numbers of mean 0 and deviation 1.
    """
    random = np.random.RandomState(0)  # its stream is frozen
    shape = (count, *size)
    if card.mean:
        pixels = random.randint(0, 256, shape, dtype=np.uint8)
        return TestInputs(_normalized(pixels, card), pixels, _NONE)
    inputs = random.standard_normal(shape).astype(np.float32)
    return TestInputs(inputs, np.empty((0, *size), np.uint8), _NONE)


def from_data(data: str, size: tuple[int, int, int], card: ModelCard, count: int) -> TestInputs:
    """Inputs from what --data names: an array file, or what `cifarx train --data` takes.

    Args:
        data: the option's value.
        size: (C, H, W) that the network takes.
        card: says how pixels are normalised, if that is known.
        count: at most so many, of labelled data evenly over the classes.

    Raises:
        UserError: the data cannot be read, are of another size, or are pixels where their
            normalisation is unknown, or float32 inputs where it is known.
    """
    if Path(data).suffix in ENDINGS:
        return _from_arrays(Path(data), size, card, count)
    found = open_data(data)
    whole = Part(found, "test", np.arange(len(found.labels("test"))))
    images = whole.limited(count).read()
    _require_size(data, images.pixels.shape[1:], size)
    inputs = _normalized(images.pixels, card, data)
    origin = f"test images of {found.name}"
    return TestInputs(inputs, images.pixels, images.labels, found.classes, origin)


def _from_arrays(path: Path, size: tuple[int, int, int], card: ModelCard, count: int) -> TestInputs:
    arrays = read_arrays(path)
    values, labels = arrays.values[:count], arrays.labels[:count]
    if values.ndim == 2 and size[1:] == (1, 1):
        values = values[:, :, None, None]
    _require_size(str(path), values.shape[1:], size)
    if values.dtype == np.uint8:
        inputs = _normalized(values, card, str(path))
        return TestInputs(inputs, values, labels, origin=f"images in {path.name}")
    if card.mean:
        raise UserError(
            f"--data {path} has inputs of float32, but how this network's pixels are normalised is "
            "known, from --mean and --std or from the file. Give pixels of uint8 from 0 to 255, "
            "which cifarx normalises itself, or export the network without --mean and --std."
        )
    nothing = np.empty((0, *size), np.uint8)
    return TestInputs(values, nothing, labels, origin=f"inputs in {path.name}")


def _require_size(data: str, found: Shape, wanted: Shape) -> None:
    if found != wanted:
        given, needed = (" x ".join(map(str, shape)) for shape in (found, wanted))
        raise UserError(
            f"--data {data} has inputs of {given} (channels, height, width), and the network takes "
            f"{needed}. Give data of that size; cifarx does not resize images."
        )


def _normalized(pixels: NDArray[np.uint8], card: ModelCard, data: str = "") -> NDArray[np.float32]:
    if not card.mean:
        raise UserError(
            f"--data {data} has pixels, and how the network's inputs are made of them is unknown. "
            "Give --mean and --std at the export (--mean 0,0,0 --std 1,1,1 only divides by 255), "
            "or inputs as float32 in an .npy file."
        )
    mean, std = np.asarray(card.mean, np.float32), np.asarray(card.std, np.float32)
    return preprocess(pixels, mean, std)
