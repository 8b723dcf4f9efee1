"""Where resizing takes its pixels from: one rule for exact positions and weights.

The modes are those of ONNX's Resize (https://onnx.ai/onnx/operators/onnx__Resize.html). Output
pixel i of `count`, made of `size` input pixels, lies at

| GeometricTransformMode | position in the input |
|---|---|
| half-pixel | (i + 0.5) / scale - 0.5 |
| asymmetric | i / scale |
| align-corners | i * (size - 1) / (count - 1) |

where the scale is count / size unless it is given. The first two are the modes of resize2dLayer.
https://www.mathworks.com/help/images/ref/nnet.cnn.layer.resize2dlayer.html
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, frexp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.export.network.layer import Layer, pair
from cifarx.pytorch_models.errors import GraphError

METHODS = ("nearest", "bilinear")
MODES = ("half-pixel", "asymmetric", "align-corners")
ROUNDINGS = ("round", "floor", "ceil", "round-half-down")
"""resize2dLayer has the first two; `round` rounds halves up, as MATLAB does above 0."""
Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Line:
    """How the pixels along one axis are resized."""

    size: int
    """Of the input."""
    count: int
    """Of the output."""
    scale: float
    mode: str

    def places(self) -> NDArray[np.float64]:
        """(count,): exact positions in the input, not yet limited to 0 .. size - 1.

        >>> Line(2, 4, 2.0, "half-pixel").places().tolist()
        [-0.25, 0.25, 0.75, 1.25]
        """
        i = np.arange(self.count, dtype=np.float64)
        if self.mode == "align-corners":
            return i * (self.size - 1) / max(1, self.count - 1)
        shift = 0.5 if self.mode == "half-pixel" else 0.0
        if self.scale == self.count / self.size:  # the quotient of whole numbers is rounded once
            return (i + shift) * self.size / self.count - shift
        return (i + shift) / self.scale - shift

    def nearest(self, rounding: str) -> Positions:
        """(count,): the pixel that each output pixel repeats."""
        return self._limited(_rounded(self.places(), rounding))

    def nearest_in_single(self, rounding: str) -> list[Positions]:
        """The same by two float32 computations: a quotient (ONNX Runtime), a product (PyTorch)."""
        step = np.float32(1 / self.scale)
        if self.mode == "align-corners":
            step = np.float32(self.size - 1) / np.float32(max(1, self.count - 1))
        i = np.arange(self.count, dtype=np.float32)
        shift = np.float32(0.5 if self.mode == "half-pixel" else 0)
        product = self._limited(_rounded((i + shift) * step - shift, rounding))
        return [self._by_quotient(rounding, np.float32), product]

    def nearest_by_file(self, rounding: str) -> Positions:
        """The same in float64, by the scale that an ONNX file holds in float32."""
        return self._by_quotient(rounding, np.float64)

    def _by_quotient(self, rounding: str, dtype: type[np.floating[Any]]) -> Positions:
        i = np.arange(self.count, dtype=dtype)
        if self.mode == "align-corners":
            places = i * dtype(self.size - 1) / dtype(max(1, self.count - 1))
        else:
            shift = dtype(0.5 if self.mode == "half-pixel" else 0)
            places = (i + shift) / dtype(self.single_scale()) - shift
        return self._limited(_rounded(places, rounding))

    def between(self) -> tuple[Positions, Positions, NDArray[np.float64]]:
        """(count,) each: the two pixels around each place, and the weight of the second.

        >>> low, high, weight = Line(2, 4, 2.0, "half-pixel").between()
        >>> low.tolist(), high.tolist(), weight.tolist()
        ([0, 0, 0, 1], [1, 1, 1, 1], [0.0, 0.25, 0.75, 0.0])
        """
        places = np.clip(self.places(), 0, self.size - 1)
        low = np.floor(places).astype(np.int64)
        return low, np.minimum(low + 1, self.size - 1), places - low

    def single_scale(self) -> np.float32:
        """The scale in float32, rounded up where the size of the output would be less otherwise."""
        single = np.float32(self.scale)
        if self.scale == self.count / self.size and floor(float(single) * self.size) < self.count:
            single = np.nextafter(single, np.float32(np.inf))
        return single

    def rounds(self) -> bool:
        """Whether float32 rounds a place: not if places are whole multiples of a power of two."""
        if self.mode == "align-corners":
            step = (self.size - 1) / max(1, self.count - 1)
        else:
            step = self.scale
        return bool(step) and frexp(step)[0] != 0.5

    def _limited(self, positions: NDArray[np.floating]) -> Positions:
        return np.asarray(np.clip(positions, 0, self.size - 1), np.int64)


def _rounded(places: NDArray[np.floating], rounding: str) -> NDArray[np.floating]:
    if rounding == "round":
        return np.asarray(np.floor(places + places.dtype.type(0.5)))
    if rounding == "round-half-down":
        return np.asarray(np.ceil(places - places.dtype.type(0.5)))
    return np.asarray(np.ceil(places) if rounding == "ceil" else np.floor(places))


def resize_lines(layer: Layer, size: tuple[int, int]) -> tuple[Line, Line]:
    """How a Resize2DLayer resizes rows and columns of maps of (H, W).

    Raises:
        GraphError: its options do not fit each other or the maps.
    """
    mode, scales = str(layer.hyper["GeometricTransformMode"]), layer.hyper["Scale"]
    for key, allowed in (
        ("Method", METHODS),
        ("GeometricTransformMode", MODES),
        ("NearestRoundingMode", ROUNDINGS),
    ):
        if layer.hyper[key] not in allowed:
            raise GraphError(f"{key} must be one of {allowed}, not {layer.hyper[key]!r}")
    if not (isinstance(scales, tuple) and len(scales) == 2 and min(scales) > 0):
        raise GraphError(f"Scale must be (vertical, horizontal), above 0, not {scales}")
    each = [
        Line(n, count, float(scale), mode)
        for n, count, scale in zip(size, pair(layer, "OutputSize"), scales, strict=True)
    ]
    for line in each:
        if line.scale != line.count / line.size and floor(line.scale * line.size) != line.count:
            raise GraphError(
                f"OutputSize {line.count} is not the scale {line.scale:g} times {line.size}"
            )
    return each[0], each[1]
