"""Pair the layers of two networks, and list what differs between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Layer

Pair = tuple[Layer | None, Layer | None]
"""A layer and its counterpart; None if one has none."""


def pairs_of(found: LayerGraph, wanted: LayerGraph) -> list[Pair]:
    """Pair the layers so that as little as possible differs; names may all be different.

    Three ways are tried: by position if all kinds agree, by name, and by the alignment in order
    with the fewest additions and omissions. The one with the fewest faults is taken, and of equal
    ones the first.
    """
    candidates = []
    if [la.kind for la in found.layers] == [la.kind for la in wanted.layers]:
        candidates.append(list[Pair](zip(found.layers, wanted.layers, strict=True)))
        if not layer_faults(found, wanted, candidates[0]):
            return candidates[0]
    left, right = ({la.name: la for la in graph.layers} for graph in (found, wanted))
    candidates.append([(left.get(name), right.get(name)) for name in {**right, **left}])
    candidates.append(aligned(found.layers, wanted.layers))
    return min(candidates, key=lambda pairs: len(layer_faults(found, wanted, pairs)))


def aligned(found: Sequence[Layer], wanted: Sequence[Layer]) -> list[Pair]:
    """Align two sequences of layers so that they have the most in common (Needleman-Wunsch)."""
    best = [[0] * (len(wanted) + 1) for _ in range(len(found) + 1)]
    for i in range(len(found) - 1, -1, -1):
        for j in range(len(wanted) - 1, -1, -1):
            both = best[i + 1][j + 1] + _likeness(found[i], wanted[j])
            best[i][j] = max(both, best[i + 1][j], best[i][j + 1])
    pairs: list[Pair] = []
    i = j = 0
    while i < len(found) and j < len(wanted):
        if best[i][j] == best[i + 1][j + 1] + _likeness(found[i], wanted[j]):
            pairs.append((found[i], wanted[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i][j + 1]:
            pairs.append((None, wanted[j]))
            j += 1
        else:
            pairs.append((found[i], None))
            i += 1
    return [*pairs, *((f, None) for f in found[i:]), *((None, w) for w in wanted[j:])]


def _likeness(f: Layer, w: Layer) -> int:
    if f.kind != w.kind:
        return 2 if f.name == w.name else 1
    shapes = [[array.value.shape for array in layer.arrays.values()] for layer in (f, w)]
    return 4 + 2 * (shapes[0] == shapes[1]) + (f.hyper == w.hyper) + (f.name == w.name)


def layer_faults(found: LayerGraph, wanted: LayerGraph, pairs: Sequence[Pair]) -> list[str]:
    """List what differs in kind, wiring or options; each text begins with the layer's name."""
    names = dict(
        zip((one.name for one in found.inputs), (one.name for one in wanted.inputs), strict=False)
    )
    names |= {f.name: w.name for f, w in pairs if f and w}
    faults = []
    for f, w in pairs:
        if f is None or w is None:
            faults += [f"{f.name} added"] if f else []
            faults += [f"{w.name} missing"] if w else []
            continue
        if f.kind != w.kind:
            faults.append(f"{f.name} is a {f.kind}, not a {w.kind}")
        if [names.get(name) for name in f.inputs] != list(w.inputs):
            faults.append(f"{f.name} reads {', '.join(f.inputs)}, not {', '.join(w.inputs)}")
        faults += [
            f"{f.name} has {key} {value}, not {w.hyper[key]}"
            for key, value in f.hyper.items()
            if key in w.hyper and value != w.hyper[key]
        ]
    for left, right in zip_longest(found.inputs, wanted.inputs):
        if left is None or right is None:
            faults.append(f"{(left or right).name} {'missing' if left is None else 'added'}")
        elif left.shape != right.shape:
            faults.append(f"{left.name} has size {left.shape}, not {right.shape}")
    for one, other in zip_longest(found.outputs, wanted.outputs):
        if one is None or other is None:
            faults.append(f"{(one or other).name} {'missing' if one is None else 'added'}")
        elif names.get(one.layer) != other.layer:
            which = f" {other.name}" if len(wanted.outputs) > 1 else ""
            faults.append(f"{one.layer} gives the output{which}, not {other.layer}")
    return faults


def module_faults(pairs: Sequence[Pair]) -> list[str]:
    """List the layers with another module; each text begins with the layer's name."""
    return [
        f"{f.name} has Module '{f.module}', not '{w.module}'"
        for f, w in pairs
        if f and w and f.module != w.module
    ]
