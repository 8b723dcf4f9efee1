"""Draw `shapes`, an embedded data set of ten classes of small images, by arithmetic alone.

It replaces CIFAR-10, and `shapes-grey` replaces MNIST, where nothing can be downloaded: in demos,
in tests, on machines without a network. A class is a form or a texture. Position, size, angle,
phase and both colours are random for each image, and noise is added, so that no single pixel
determines the class and a linear classifier fails (docs/shapes.md has the figures).

The same seed gives the same bytes on every machine and with every version of numpy: random
numbers are SplitMix64 [1] of a counter (numpy does not guarantee its Generator's streams across
versions), and images are computed with +, -, *, /, square roots and comparisons in float64, which
IEEE 754 defines to the last bit (unlike a library's sine).

[1] Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cifarx.pytorch_models.data.images import DataSet, Images, Split

CLASSES = (
    "disc",
    "ring",
    "square",
    "triangle",
    "cross",
    "horizontal",
    "vertical",
    "diagonal",
    "checkers",
    "dots",
)
_DRAWS = 16  # random numbers per image, without noise
_UNITS = 32  # units of length across an image of any size; the forms below are measured in them
_SPLITS: dict[Split, tuple[int, int]] = {"train": (5_000, 1), "test": (1_000, 2)}  # images, seed

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Canvas:
    """Size and channels of the images."""

    size: int
    """Pixels across and down."""
    channels: int
    """3 for RGB, 1 for grey."""


COLOUR = Canvas(32, 3)
GREY = Canvas(28, 1)


def open_shapes(name: str, canvas: Canvas) -> DataSet:
    """Return the embedded data set under this name: 5,000 training and 1,000 test images."""
    return DataSet(name, name, CLASSES, "", _labels, partial(_read, canvas))


def generate(index: NDArray[np.int64], *, seed: int, canvas: Canvas = COLOUR) -> NDArray[np.uint8]:
    """Draw the images at these indices of an infinite series.

    Image i has class i modulo 10, so every prefix of the series is balanced.

    Args:
        index: (N,) int64, from 0.
        seed: selects the series.
        canvas: size and channels; the forms scale with the size.

    Returns:
        (N, channels, size, size) uint8.

    >>> images = generate(np.arange(2), seed=1)
    >>> images.shape, images[:, 0, 0, 0]
    ((2, 3, 32, 32), array([...], dtype=uint8))
    """
    images = np.empty((len(index), canvas.channels, canvas.size, canvas.size), np.uint8)
    for start in range(0, len(index), 512):  # limits the float64 intermediates to about 50 MB
        part = index[start : start + 512]
        images[start : start + len(part)] = _draw(part, seed, canvas)
    return images


def _labels(split: Split) -> NDArray[np.int64]:
    return np.arange(_SPLITS[split][0]) % len(CLASSES)


def _read(canvas: Canvas, split: Split, index: NDArray[np.int64] | None) -> Images:
    every = _labels(split)
    index = np.arange(len(every)) if index is None else index
    return Images(generate(index, seed=_SPLITS[split][1], canvas=canvas), every[index])


def _draw(index: NDArray[np.int64], seed: int, canvas: Canvas) -> NDArray[np.uint8]:
    size, channels = canvas.size, canvas.channels
    counter = index.astype(np.uint64)
    u = _uniform(counter, seed, stream=0, count=_DRAWS)  # (n, 16)
    grid = (np.arange(size, dtype=np.float64) - (size - 1) / 2.0) * (_UNITS / size)
    coverage = np.zeros((len(index), size, size))
    for label, form in enumerate(_FORMS):
        chosen = index % len(_FORMS) == label
        if chosen.any():
            coverage[chosen] = form(u[chosen], grid)
    background, foreground = _colours(u, channels)
    images = background + coverage[:, None] * (foreground - background)  # (n, channels, size, size)
    noise = _uniform(counter, seed, stream=1, count=channels * size * size).reshape(images.shape)
    images = images + 30.0 * (noise - 0.5)
    return np.floor(np.clip(images, 0.0, 255.0)).astype(np.uint8)


def _uniform(index: NDArray[np.uint64], seed: int, *, stream: int, count: int) -> Floats:
    """SplitMix64 of (seed, stream, index, 0..count-1), as (n, count) float64 in [0, 1)."""
    key = np.array([2 * seed + stream], np.uint64)
    base = _mix(_mix(key) ^ index)  # (n,)
    draw: NDArray[np.uint64] = np.arange(1, count + 1, dtype=np.uint64)
    z = _mix(base[:, None] + draw)  # (n, count)
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = z * np.uint64(0x9E3779B97F4A7C15)  # arrays wrap modulo 2^64, without a warning
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _colours(u: Floats, channels: int) -> tuple[Floats, Floats]:
    """Draw two colours, (n, channels, 1, 1) in 0..255, at least 70 levels apart per channel."""
    background = 15.0 + 105.0 * u[:, :channels]
    foreground = background + 70.0 + 50.0 * u[:, 3 : 3 + channels]
    return background[:, :, None, None], foreground[:, :, None, None]


def _plane(u: Floats, grid: Floats, *, spread: float, turn: float) -> tuple[Floats, Floats]:
    """Return coordinates x and y, (n, size, size), about a random centre and a random angle.

    `grid` holds the positions of the pixels along an axis, (size,). The centre lies within `spread`
    of the middle. The rotation uses the rational parametrisation of the circle,
    t -> ((1 - t^2) / (1 + t^2), 2t / (1 + t^2)) with |t| < turn: 0.1 is 11 degrees, 0.4142 is 45,
    1 is 90.
    """
    x = grid[None, None, :] - spread * (2.0 * u[:, 6, None, None] - 1.0)
    y = grid[None, :, None] - spread * (2.0 * u[:, 7, None, None] - 1.0)
    t = turn * (2.0 * u[:, 8, None, None] - 1.0)
    c, s = (1.0 - t * t) / (1.0 + t * t), 2.0 * t / (1.0 + t * t)
    return c * x + s * y, c * y - s * x


def _between(u: Floats, low: float, high: float) -> Floats:
    return low + (high - low) * u[:, 9, None, None]


def _inside(distance: Floats) -> Floats:
    """Return the coverage of a pixel from its signed distance to the edge; anti-aliased."""
    return np.clip(0.5 - distance, 0.0, 1.0)


def _wave(x: Floats, period: Floats) -> Floats:
    """Return the signed distance to bars of this period, given by a triangle wave."""
    phase = x / period
    return period * (np.abs(phase - np.floor(phase + 0.5)) - 0.25)


def _disc(u: Floats, grid: Floats) -> Floats:
    x, y = _plane(u, grid, spread=6.0, turn=0.0)
    return _inside(np.sqrt(x * x + y * y) - _between(u, 6.0, 10.0))


def _ring(u: Floats, grid: Floats) -> Floats:
    x, y = _plane(u, grid, spread=6.0, turn=0.0)
    return _inside(np.abs(np.sqrt(x * x + y * y) - _between(u, 6.0, 9.0)) - 1.5)


def _square(u: Floats, grid: Floats) -> Floats:
    x, y = _plane(u, grid, spread=6.0, turn=0.2)
    return _inside(np.maximum(np.abs(x), np.abs(y)) - _between(u, 5.5, 9.0))


def _triangle(u: Floats, grid: Floats) -> Floats:
    x, y = _plane(u, grid, spread=5.0, turn=0.2)
    inscribed = _between(u, 4.5, 6.5)
    return _inside(np.maximum(y, 0.8660254037844386 * np.abs(x) - 0.5 * y) - inscribed)


def _cross(u: Floats, grid: Floats) -> Floats:
    x, y = _plane(u, grid, spread=5.0, turn=0.2)
    x, y = np.abs(x), np.abs(y)
    arm = np.minimum(x, y) - 1.75
    return _inside(np.maximum(arm, np.maximum(x, y) - _between(u, 8.0, 12.0)))


def _horizontal(u: Floats, grid: Floats) -> Floats:
    _, y = _plane(u, grid, spread=8.0, turn=0.1)
    return _inside(_wave(y, _between(u, 5.0, 9.0)))


def _vertical(u: Floats, grid: Floats) -> Floats:
    x, _ = _plane(u, grid, spread=8.0, turn=0.1)
    return _inside(_wave(x, _between(u, 5.0, 9.0)))


def _diagonal(u: Floats, grid: Floats) -> Floats:
    x, y = _plane(u, grid, spread=8.0, turn=0.1)
    falling = np.where(u[:, 10, None, None] < 0.5, x + y, x - y)
    return _inside(_wave(0.7071067811865476 * falling, _between(u, 5.0, 9.0)))


def _checkers(u: Floats, grid: Floats) -> Floats:
    x, y = _plane(u, grid, spread=8.0, turn=0.1)
    period = _between(u, 8.0, 13.0)
    a, b = _wave(x, period), _wave(y, period)
    return _inside(np.where(a * b > 0.0, 1.0, -1.0) * np.minimum(np.abs(a), np.abs(b)))


def _dots(u: Floats, grid: Floats) -> Floats:
    x, y = _plane(u, grid, spread=8.0, turn=0.4142)
    period = _between(u, 7.0, 10.0)
    x = x - period * np.floor(x / period + 0.5)
    y = y - period * np.floor(y / period + 0.5)
    return _inside(np.sqrt(x * x + y * y) - 0.27 * period)


_FORMS: tuple[Callable[[Floats, Floats], Floats], ...] = (
    _disc,
    _ring,
    _square,
    _triangle,
    _cross,
    _horizontal,
    _vertical,
    _diagonal,
    _checkers,
    _dots,
)
