"""The inputs of the test batch of a network that is not a run: the user's data, or noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input
from cifarx.export.network.layer import Shape
from cifarx.export.network.model_card import ModelCard
from cifarx.pytorch_models.data.arrays import ENDINGS, read_arrays
from cifarx.pytorch_models.data.open import open_data
from cifarx.pytorch_models.data.split import Part
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.preprocess import preprocess

MOST, FEWEST, FEWEST_MAPS = 64, 16, 4
"""Inputs of a test batch: as many as float64 takes some ten seconds for, within the first two
limits; of networks with large outputs at least the third."""
_PRODUCTS = 5e10  # that PyTorch computes in float64 in some ten seconds on two cores
_NUMBERS = 2**23  # of all outputs together: 100 MB in model.mat, in single and double
_NONE = np.empty(0, np.int64)


@dataclass(frozen=True)
class TestInputs:
    """Inputs with what is known of them."""

    __test__ = False  # not a test class

    inputs: tuple[NDArray[np.float32], ...]
    """(N, ...) per input, as the network takes them."""
    images: NDArray[np.uint8]
    """(N, C, H, W), the pixels that the network's image is of; (0,) where there are none."""
    labels: NDArray[np.int64]
    """(N,) classes from 0, or (N, H, W) of pixels, -1 where there is none; empty if unknown."""
    classes: tuple[str, ...] = ()
    """Names of the data's classes, if it has any."""
    origin: str = "noise"

    @property
    def count(self) -> int:
        """N."""
        return len(self.inputs[0])

    def first(self, count: int) -> TestInputs:
        """The first `count` of them."""
        some = tuple(x[:count] for x in self.inputs)
        images, labels = self.images[:count], self.labels[:count]
        return TestInputs(some, images, labels, self.classes, self.origin)


def batch_size(products: int, numbers: int = 0) -> int:
    """How many inputs the default test batch has: 64, for large networks fewer, at least 16.

    Args:
        products: multiplications that the network takes per input.
        numbers: that it gives per input; if these are many, at least 4 inputs are taken.

    >>> batch_size(41_000_000), batch_size(4_100_000_000), batch_size(41_000_000, 21 * 512 * 512)
    (64, 16, 4)
    """
    count = int(min(MOST, max(FEWEST, _PRODUCTS // max(1, products))))
    return min(count, max(FEWEST_MAPS, _NUMBERS // max(1, numbers)))


def batch_size_of(graph: LayerGraph) -> int:
    """`batch_size` of a network of which the layers are known."""
    return batch_size(products_of(graph), sum(map(math.prod, graph.output_shapes())))


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


def chosen_inputs(
    data: str | None, inputs: Sequence[Input], card: ModelCard, count: int
) -> TestInputs:
    """The user's inputs, or noise where --data is not given; see `from_data` and `noise`."""
    if data is None:
        return noise(inputs, card, count)
    return from_data(data, inputs, card, count)


def noise(inputs: Sequence[Input], card: ModelCard, count: int) -> TestInputs:
    """Random inputs, the same in every version of numpy: pixels of an image where the card says
    how these are normalised, else numbers of mean 0 and deviation 1.
    """
    random = np.random.RandomState(0)  # its stream is frozen
    arrays, images = [], np.empty(0, np.uint8)
    for given in inputs:
        shape = (count, *given.shape)
        if card.mean and given.format == "SSCB":
            images = random.randint(0, 256, shape, dtype=np.uint8)
            arrays.append(_normalized(images, card))
        else:
            arrays.append(random.standard_normal(shape).astype(np.float32))
    return TestInputs(tuple(arrays), images, _NONE)


def from_data(data: str, inputs: Sequence[Input], card: ModelCard, count: int) -> TestInputs:
    """Inputs from what --data names: an array file, or what `cifarx train --data` takes.

    Args:
        data: the option's value.
        inputs: of the network.
        card: says how pixels are normalised, if that is known.
        count: at most so many, of labelled data evenly over the classes.

    Raises:
        UserError: the data cannot be read, are of another size, or are pixels where their
            normalisation is unknown, or float32 inputs where it is known.
    """
    if Path(data).suffix in ENDINGS:
        return _from_arrays(Path(data), inputs, card, count)
    if len(inputs) != 1 or inputs[0].format != "SSCB":
        names = ", ".join(repr(given.name) for given in inputs)
        raise UserError(
            f"--data {data} is not an .npy or .npz file, and data sets of images suit networks "
            f"with one image as input; this one takes {names}. Give an .npz file with one array "
            "[N, ...] per input, under these names."
        )
    found = open_data(data)
    whole = Part(found, "test", np.arange(len(found.labels("test"))))
    images = whole.limited(count).read()
    _require_size(data, inputs[0], images.pixels.shape[1:])
    normalized = _normalized(images.pixels, card, data)
    origin = f"test images of {found.name}"
    return TestInputs((normalized,), images.pixels, images.labels, found.classes, origin)


def _from_arrays(path: Path, inputs: Sequence[Input], card: ModelCard, count: int) -> TestInputs:
    arrays = read_arrays(path, [given.name for given in inputs])
    found, images = [], np.empty(0, np.uint8)
    for given, whole in zip(inputs, arrays.values, strict=True):
        values = whole[:count]
        if values.ndim == 2 and given.shape[1:] == (1, 1):
            values = values[:, :, None, None]
        _require_size(str(path), given, values.shape[1:])
        image = given.format == "SSCB"
        if values.dtype == np.uint8:
            if not image:
                raise UserError(
                    f"--data {path} has uint8 numbers for the input {given.name!r}, which is not "
                    "an image. Give float32 numbers as the network takes them."
                )
            images = values
            values = _normalized(values, card, str(path))
        elif card.mean and image:
            raise UserError(
                f"--data {path} has inputs of float32, but how this network's pixels are "
                "normalised is known, from --mean and --std or from the file. Give pixels of uint8 "
                "from 0 to 255, which cifarx normalises itself, or export the network without "
                "--mean and --std."
            )
        found.append(values)
    what = "images" if len(images) else "inputs"
    labels = arrays.labels[:count]
    return TestInputs(tuple(found), images, labels, origin=f"{what} in {path.name}")


_AXES = {1: "features", 2: "channels, length", 3: "channels, height, width"}


def _require_size(data: str, wanted: Input, found: Shape) -> None:
    if found != wanted.shape:
        given, needed = (" x ".join(map(str, shape)) for shape in (found, wanted.shape))
        raise UserError(
            f"--data {data} has inputs of {given}, and the network takes {needed} "
            f"({_AXES[len(wanted.shape)]}) as {wanted.name!r}. Give data of that size; cifarx does "
            "not resize them."
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
