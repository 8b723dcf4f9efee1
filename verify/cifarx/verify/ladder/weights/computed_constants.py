"""Judge the constants that an exporter computed, by their values in float64."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cifarx.export.network.exact_constants import ALLOWED_ULPS, ulps_off
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Array, Layer
from cifarx.verify.ladder.weights.bit_difference import difference
from cifarx.verify.ladder.weights.pairing import pairs_of


def unlikeness(found: Array, wanted: Array) -> str:
    """Return how a file's array differs from the original's; '' if it does not.

    A stored tensor must have the same bits. A computed constant may differ from its float64 value
    by a unit in the last place, because exporters round at different steps.
    """
    if wanted.exact is None:
        return difference(found.value, wanted.value)
    off = ulps_off(found.value, wanted.exact)
    if off > ALLOWED_ULPS:
        return f"up to {off:.3g} units in the last place from its float64 value"
    if found.exact is not None and not np.array_equal(found.exact, wanted.exact):
        return "its Exact is not its float64 value"
    return ""


def with_exact_of(graph: LayerGraph, original: LayerGraph) -> LayerGraph:
    """Return a file's network in which every right constant has its float64 value.

    `run_graph(…, exact=True)` then shows what else the export changed, because no constant is
    rounded. A wrong constant keeps the value of the file.
    """
    partner = {f.name: w for f, w in pairs_of(graph, original) if f and w}

    def exact(layer: Layer, key: str, array: Array) -> Array:
        other = partner[layer.name].arrays.get(key) if layer.name in partner else None
        right = other is not None and other.exact is not None and not unlikeness(array, other)
        return replace(array, exact=other.exact if right and other is not None else None)

    layers = (
        replace(layer, arrays={key: exact(layer, key, a) for key, a in layer.arrays.items()})
        for layer in graph.layers
    )
    return replace(graph, layers=tuple(layers))
