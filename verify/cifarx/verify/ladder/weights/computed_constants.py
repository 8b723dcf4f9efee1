"""Judge the constants that an exporter computed, by their values in float64."""

from __future__ import annotations

from collections.abc import Callable
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

    def exact(own: Array, wanted: Array) -> Array:
        return replace(own, exact=wanted.exact if _is_right(own, wanted) else None)

    return _changed(graph, original, exact)


def with_constants_of(original: LayerGraph, graph: LayerGraph) -> LayerGraph:
    """Return the original in which every computed constant is as a file holds it, if that is right.

    A runtime of that file computes with these numbers, so its layers are judged with them.
    """

    def rounded(own: Array, theirs: Array) -> Array:
        return replace(own, value=theirs.value) if _is_right(theirs, own) else own

    return _changed(original, graph, rounded)


def _is_right(found: Array, wanted: Array) -> bool:
    """Whether the original's array is a computed constant, and the file's is right."""
    return wanted.exact is not None and not unlikeness(found, wanted)


def _changed(
    graph: LayerGraph, other: LayerGraph, change: Callable[[Array, Array], Array]
) -> LayerGraph:
    """Change each array by its counterpart; without one, its float64 values are dropped."""
    partner = {f.name: w for f, w in pairs_of(graph, other) if f and w}

    def changed(layer: Layer) -> Layer:
        theirs = partner[layer.name].arrays if layer.name in partner else {}
        arrays = {
            key: change(array, theirs[key]) if key in theirs else replace(array, exact=None)
            for key, array in layer.arrays.items()
        }
        return replace(layer, arrays=arrays)

    return replace(graph, layers=tuple(map(changed, graph.layers)))
