"""`Layer`: one layer of a `LayerGraph` with its options and its arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cifarx.pytorch_models.errors import GraphError

Shape = tuple[int, ...]
"""Of one image, without the batch axis: (C, H, W) for maps, (F,) for features."""
Hyper = float | str | tuple[int, ...] | tuple[float, ...]


@dataclass(frozen=True)
class Array:
    """A weight, bias or statistic."""

    value: NDArray[np.float32]
    source: str
    """Its name in the checkpoint or the ONNX file it came from; '' if the exporter made it up."""
    exact: NDArray[np.float64] | None = None
    """What float64 gives for a constant that the exporter computed, such as 1/std; `value` is that
    rounded. None for arrays that are taken as they are."""


@dataclass(frozen=True)
class Layer:
    """One layer; its output has its name."""

    name: str
    """A MATLAB identifier, unique in the graph without regard to case."""
    kind: str
    """A key of `vocabulary.VOCABULARY`."""
    inputs: tuple[str, ...]
    """Names of layers or of the graph's input."""
    hyper: Mapping[str, Hyper] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)
    module: str = ""
    """Path of the PyTorch module it came from, such as 'features.conv1'; '' if unknown."""


def pair(layer: Layer, key: str) -> tuple[int, int]:
    """A (height, width) option, such as Stride."""
    value = layer.hyper[key]
    if not (isinstance(value, tuple) and len(value) == 2 and min(value) >= 1 and _whole(value)):
        raise GraphError(f"{key} must be (height, width) of 1 or more, not {value}")
    return int(value[0]), int(value[1])


def maps_size(layer: Layer, key: str) -> tuple[int, int, int]:
    """A (height, width, channels) option of maps."""
    value = layer.hyper[key]
    if not (isinstance(value, tuple) and len(value) == 3 and min(value) >= 1 and _whole(value)):
        raise GraphError(f"{key} must be (height, width, channels), not {value}")
    return int(value[0]), int(value[1]), int(value[2])


def sides(layer: Layer, key: str) -> tuple[int, int, int, int]:
    """A (top, bottom, left, right) option, such as Padding."""
    value = layer.hyper[key]
    if not (isinstance(value, tuple) and len(value) == 4 and min(value) >= 0 and _whole(value)):
        raise GraphError(f"{key} must be (top, bottom, left, right), not {value}")
    top, bottom, left, right = map(int, value)
    return top, bottom, left, right


def _whole(values: tuple[float, ...]) -> bool:
    return all(float(value).is_integer() for value in values)


def number(layer: Layer, key: str) -> float:
    """An option that is a number."""
    value = layer.hyper[key]
    if not isinstance(value, int | float):
        raise GraphError(f"{key} must be a number, not {value!r}")
    return value
