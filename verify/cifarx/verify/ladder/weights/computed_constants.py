"""Constants that an exporter computed: right when they are the rounding of what float64 gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cifarx.export.network.exact_constants import ALLOWED_ULPS, ulps_off
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Array, Layer
from cifarx.verify.ladder.weights.bit_difference import difference
from cifarx.verify.ladder.weights.pairing import pairs_of


def unlikeness(found: Array, wanted: Array) -> str:
    """How a file's array differs from the original's; '' where it does not.

    A stored tensor must have the same bits. A computed constant may be a unit in the last place off
    what float64 gives, for exporters round at different steps.
    """
    if wanted.exact is None:
        return difference(found.value, wanted.value)
    off = ulps_off(found.value, wanted.exact)
    if off > ALLOWED_ULPS:
        return f"up to {off:.3g} units in the last place off what float64 gives"
    if found.exact is not None and not np.array_equal(found.exact, wanted.exact):
        return "its Exact is not what float64 gives"
    return ""


def with_exact_of(graph: LayerGraph, original: LayerGraph) -> LayerGraph:
    """A file's network, its right constants with what float64 gives for them.

    Computed in float64 with these (`run_graph(…, exact=True)`), it shows what else the export
    changed: no rounding of a constant is left in it.
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
