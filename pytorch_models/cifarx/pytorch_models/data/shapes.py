"""`shapes`: an embedded ten-class data set of 32x32 colour images, drawn by arithmetic alone.

It stands in for CIFAR-10 where nothing can be downloaded: demos, tests, machines without a
network. A class is a form or a texture; its place, size, angle, phase and the two colours are
drawn at random for each image, and noise is added, so that no single pixel tells the class and a
linear classifier fails (docs/shapes.md has the figures).

The same seed gives the same bytes on every machine and with every version of numpy: random
numbers are SplitMix64 [1] of a counter (numpy does not promise its Generator's streams across
versions), and images are computed with +, -, *, / and comparisons in float64, which IEEE 754
defines to the last bit (a library's sine would not be).

[1] Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

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
SIZE = 32
_DRAWS = 16  # random numbers an image, noise not counted

Floats = NDArray[np.float64]


def generate(count: int, *, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draw `count` images; label i is i modulo 10, so every prefix is balanced.

    Returns:
        images: (count, 3, 32, 32) uint8, RGB.
        labels: (count,) int64, indices into `CLASSES`.
    """
    images = np.empty((count, 3, SIZE, SIZE), np.uint8)
    labels = np.arange(count, dtype=np.int64) % len(CLASSES)
    for start in range(0, count, 512):  # bounds the float64 intermediates to some 50 MB
        index = np.arange(start, min(start + 512, count), dtype=np.uint64)
        images[start : start + len(index)] = _draw(index, labels[start : start + len(index)], seed)
    return images, labels


def _draw(index: NDArray[np.uint64], labels: NDArray[np.int64], seed: int) -> NDArray[np.uint8]:
    u = _uniform(index, seed, stream=0, count=_DRAWS)  # (n, 16)
    coverage = np.zeros((len(index), SIZE, SIZE))
    for label, draw in enumerate(_FORMS):
        chosen = labels == label
        if chosen.any():
            coverage[chosen] = draw(u[chosen])
    background, foreground = _colours(u)
    images = background + coverage[:, None] * (foreground - background)  # (n, 3, 32, 32)
    noise = _uniform(index, seed, stream=1, count=3 * SIZE * SIZE).reshape(images.shape)
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


def _colours(u: Floats) -> tuple[Floats, Floats]:
    """Two colours, (n, 3, 1, 1) each in 0..255: light on dark, by 70 levels or more a channel."""
    background = 15.0 + 105.0 * u[:, 0:3]
    foreground = background + 70.0 + 50.0 * u[:, 3:6]
    return background[:, :, None, None], foreground[:, :, None, None]


def _plane(u: Floats, *, spread: float, turn: float) -> tuple[Floats, Floats]:
    """Pixel coordinates about a random centre, turned by a random angle: x and y, (n, 32, 32).

    The centre lies within `spread` pixels of the middle. The rotation is the rational
    parametrisation of the circle, t -> ((1 - t^2) / (1 + t^2), 2t / (1 + t^2)) with |t| < turn:
    0.1 is 11 degrees, 0.4142 is 45, 1 is 90.
    """
    grid = np.arange(SIZE) - (SIZE - 1) / 2.0
    x = grid[None, None, :] - spread * (2.0 * u[:, 6, None, None] - 1.0)
    y = grid[None, :, None] - spread * (2.0 * u[:, 7, None, None] - 1.0)
    t = turn * (2.0 * u[:, 8, None, None] - 1.0)
    c, s = (1.0 - t * t) / (1.0 + t * t), 2.0 * t / (1.0 + t * t)
    return c * x + s * y, c * y - s * x


def _between(u: Floats, low: float, high: float) -> Floats:
    return low + (high - low) * u[:, 9, None, None]


def _inside(distance: Floats) -> Floats:
    """Coverage of a pixel from its signed distance to the edge, one pixel of anti-aliasing."""
    return np.clip(0.5 - distance, 0.0, 1.0)


def _wave(x: Floats, period: Floats) -> Floats:
    """Signed distance, in pixels, to the bars that a triangle wave of this period cuts out."""
    phase = x / period
    return period * (np.abs(phase - np.floor(phase + 0.5)) - 0.25)


def _disc(u: Floats) -> Floats:
    x, y = _plane(u, spread=6.0, turn=0.0)
    return _inside(np.sqrt(x * x + y * y) - _between(u, 6.0, 10.0))


def _ring(u: Floats) -> Floats:
    x, y = _plane(u, spread=6.0, turn=0.0)
    return _inside(np.abs(np.sqrt(x * x + y * y) - _between(u, 6.0, 9.0)) - 1.5)


def _square(u: Floats) -> Floats:
    x, y = _plane(u, spread=6.0, turn=0.2)
    return _inside(np.maximum(np.abs(x), np.abs(y)) - _between(u, 5.5, 9.0))


def _triangle(u: Floats) -> Floats:
    x, y = _plane(u, spread=5.0, turn=0.2)
    inscribed = _between(u, 4.5, 6.5)
    return _inside(np.maximum(y, 0.8660254037844386 * np.abs(x) - 0.5 * y) - inscribed)


def _cross(u: Floats) -> Floats:
    x, y = _plane(u, spread=5.0, turn=0.2)
    x, y = np.abs(x), np.abs(y)
    arm = np.minimum(x, y) - 1.75
    return _inside(np.maximum(arm, np.maximum(x, y) - _between(u, 8.0, 12.0)))


def _horizontal(u: Floats) -> Floats:
    _, y = _plane(u, spread=8.0, turn=0.1)
    return _inside(_wave(y, _between(u, 5.0, 9.0)))


def _vertical(u: Floats) -> Floats:
    x, _ = _plane(u, spread=8.0, turn=0.1)
    return _inside(_wave(x, _between(u, 5.0, 9.0)))


def _diagonal(u: Floats) -> Floats:
    x, y = _plane(u, spread=8.0, turn=0.1)
    falling = np.where(u[:, 10, None, None] < 0.5, x + y, x - y)
    return _inside(_wave(0.7071067811865476 * falling, _between(u, 5.0, 9.0)))


def _checkers(u: Floats) -> Floats:
    x, y = _plane(u, spread=8.0, turn=0.1)
    period = _between(u, 8.0, 13.0)
    a, b = _wave(x, period), _wave(y, period)
    return _inside(np.where(a * b > 0.0, 1.0, -1.0) * np.minimum(np.abs(a), np.abs(b)))


def _dots(u: Floats) -> Floats:
    x, y = _plane(u, spread=8.0, turn=0.4142)
    period = _between(u, 7.0, 10.0)
    x = x - period * np.floor(x / period + 0.5)
    y = y - period * np.floor(y / period + 0.5)
    return _inside(np.sqrt(x * x + y * y) - 0.27 * period)


_FORMS: tuple[Callable[[Floats], Floats], ...] = (
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
