"""Constants that an exporter computed from parameters, such as 1/std or a normalised weight.

They are right when they are the float32 rounding of what float64 gives. A graph whose constants
were computed in float32 is compared with one whose numbers are all float64; every computed constant
then becomes the rounding of the latter, which it keeps as `Array.exact`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Array, Layer

ALLOWED_ULPS = 1.0
"""Units in the last place that a computed constant may be off what float64 gives."""
_ALIKE = 1e-3  # of the largest number: constants that are further apart are not the same ones


def computed_constants(graph: LayerGraph, stored: Collection[str]) -> list[tuple[str, str]]:
    """(layer, property) of the arrays that come from no tensor of the source.

    Arrays of short binary numbers, such as the zero bias that a layer does not have or an offset
    of 1/2, hold no rounding.

    Args:
        graph: the network.
        stored: names of the source's tensors.
    """
    return [
        place
        for place, array in graph.arrays().items()
        if array.source not in stored and not _is_short(array.value)
    ]


def with_exact(
    graph: LayerGraph, wide: LayerGraph, places: Collection[tuple[str, str]]
) -> LayerGraph:
    """The graph with the constants at these places as the roundings of what float64 gives.

    Args:
        graph: the network, its constants computed in float32.
        wide: the same network, all its numbers in float64.
        places: (layer, property) of the constants; see `computed_constants`.

    Returns:
        The graph itself where the two are not one network.
    """
    if _skeleton(graph) != _skeleton(wide):
        return graph
    exact = {place: array.value.astype(np.float64) for place, array in wide.arrays().items()}

    def rounded(layer: Layer, key: str, array: Array) -> Array:
        place = layer.name, key
        if place not in places or exact[place].shape != array.value.shape:
            return array
        value = exact[place]
        scale = float(np.abs(array.value).max(initial=0.0))
        if not (np.abs(value - array.value) <= _ALIKE * scale).all():  # also where it is NaN
            return array
        return replace(array, value=value.astype(np.float32), exact=value)

    layers = (
        replace(layer, arrays={key: rounded(layer, key, a) for key, a in layer.arrays.items()})
        for layer in graph.layers
    )
    return replace(graph, layers=tuple(layers))


def ulps_off(value: NDArray[np.float32], exact: NDArray[np.float64]) -> float:
    """Largest distance of float32 numbers from exact ones, in units in the last place.

    >>> ulps_off(np.float32([1 / 3]), np.array([1 / 3])) <= 0.5
    True
    """
    if value.shape != exact.shape:
        return float("inf")
    unit = np.spacing(np.maximum(np.abs(exact), np.finfo(np.float32).tiny).astype(np.float32))
    return float((np.abs(value.astype(np.float64) - exact) / unit).max(initial=0.0))


def _is_short(value: NDArray[np.float32]) -> bool:
    scaled = value * np.float32(2**10)
    return bool((scaled == np.rint(scaled)).all())


def _skeleton(graph: LayerGraph) -> list[Any]:
    layers = [replace(layer, arrays={}) for layer in graph.layers]
    shapes = [[a.value.shape for a in layer.arrays.values()] for layer in graph.layers]
    return [layers, shapes, graph.outputs]
