"""Rung 0: compare the layers and weights of the files with the original, bit for bit.

The files are read into `LayerGraph`s and compared layer by layer. A weight counts only where the
network uses it; the names in a file do not matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Array, Layer
from cifarx.verify.findings.audit import Added, Audit
from cifarx.verify.ladder.weights.computed_constants import unlikeness
from cifarx.verify.ladder.weights.idle_parts import idle_parts
from cifarx.verify.ladder.weights.pairing import Pair, layer_faults, module_faults, pairs_of
from cifarx.verify.subject.files_and_run import Subject
from cifarx.verify.subject.original import Original


def audit(subject: Subject, original: Original) -> list[Audit]:
    """Audit model.onnx, and model.mat unless that is the original itself."""
    audits = [_audit_onnx(subject, original)]
    if subject.mat is not None and original.weights_from != subject.mat_path.name:
        name, mat = subject.mat_path.name, subject.mat
        audits.append(_compare(name, mat.graph, original, mat.unaccounted, None))
    return audits


def _audit_onnx(subject: Subject, original: Original) -> Audit:
    name, graph = subject.onnx_path.name, subject.onnx_graph
    if graph is None:
        return _unreadable(subject, original)
    nodes = {layer: place.node for layer, place in subject.places.items()}
    return _compare(name, graph, original, idle_parts(subject.onnx), nodes)


def _unreadable(subject: Subject, original: Original) -> Audit:
    """Audit a file that cannot be read: its unreadable nodes are faulty or added layers."""
    layers = [layer.name for layer in original.graph.layers]
    order = [node.name for node in subject.onnx.graph.node]
    added = []
    for name in subject.onnx_unread:
        if name not in layers:
            later = order[order.index(name) :] if name in order else []
            added.append(Added(name, name, next((n for n in later if n in layers), "")))
    return Audit(
        subject.onnx_path.name,
        original.layers_from,
        original.weights_from,
        layers_equal=0,
        layers=len(layers),
        layer_faults=(subject.onnx_problem,),
        tensors_equal=0,
        tensors=len(original.graph.arrays()),
        differing=(),
        unaccounted=(),
        missing=(),
        faulty=tuple(name for name in layers if name in subject.onnx_unread),
        added=tuple(added),
        read=False,
    )


def _compare(
    file: str,
    graph: LayerGraph,
    original: Original,
    unused: Sequence[str],
    nodes: Mapping[str, str] | None,
) -> Audit:
    """Compare a file's network with the original.

    Args:
        file: its name.
        graph: its network.
        original: what it should hold.
        unused: what the file holds but its network does not use.
        nodes: for an ONNX file, by layer the name of the node that computes its output. None for a
            MAT-file, which must also name the run's tensor of each array and module of each layer.
    """

    def called(layer: Layer, key: str) -> str:
        source = "" if nodes is None else layer.arrays[key].source
        return source or f"{layer.name}.{key}"

    pairs = pairs_of(graph, original.graph)
    faults = layer_faults(graph, original.graph, pairs)
    if nodes is None:
        faults += module_faults(pairs)
    faulty = {fault.split()[0] for fault in faults}
    wanted_name = {f.name: w.name if w else f"added {f.name}" for f, w in pairs if f}
    found = {(wanted_name[la.name], key): (la, a) for la, key, a in _arrays(graph)}
    wanted = {
        (la.name, key): replace(a, value=original.value(la, key))
        for la, key, a in _arrays(original.graph)
    }
    differing = []
    computed = []
    changed = set()
    for place, array in wanted.items():
        if place in found:
            layer, own = found[place]
            unlike = unlikeness(own, array)
            if not unlike and nodes is None and own.source != array.source:
                unlike = f"Source '{own.source}', not '{array.source}'"
            if not unlike and (wrong := unlikeness(array, array)):  # its rounding, without a run
                unlike = f"in {original.layers_from} {wrong}"
            if unlike:
                differing.append(f"{called(layer, place[1])} ({unlike})")
                changed.add(place[0])
            elif array.exact is not None:
                computed.append(called(layer, place[1]))
    absent = [array.source or ".".join(at) for at, array in wanted.items() if at not in found]
    unaccounted = [called(layer, at[1]) for at, (layer, _) in found.items() if at not in wanted]
    changed |= {w.name for f, w in pairs if w and (f is None or f.name in faulty)}
    # computed constants use tensors that no layer names, such as weight_norm's two
    known = original.state.keys() if not any(a.exact is not None for a in wanted.values()) else ()
    idle = set(known) - {array.source for array in wanted.values()}
    return Audit(
        file,
        original.layers_from,
        original.weights_from,
        layers_equal=sum(1 for f, w in pairs if f and w and f.name not in faulty),
        layers=len(original.graph.layers),
        layer_faults=tuple(faults),
        tensors_equal=len(wanted) - len(differing) - len(absent),
        tensors=len(wanted),
        differing=tuple(differing),
        unaccounted=(*unaccounted, *unused),
        missing=(*absent, *sorted(idle)),
        faulty=tuple(la.name for la in original.graph.layers if la.name in changed),
        added=tuple(_added(graph, pairs, nodes or {})),
        constants=tuple(computed),
    )


def _arrays(graph: LayerGraph) -> Iterator[tuple[Layer, str, Array]]:
    return ((layer, key, array) for layer in graph.layers for key, array in layer.arrays.items())


def _added(graph: LayerGraph, pairs: Sequence[Pair], nodes: Mapping[str, str]) -> Iterator[Added]:
    wanted = {f.name: w.name if w else "" for f, w in pairs if f}
    for i, layer in enumerate(graph.layers):
        if not wanted[layer.name]:
            later = (wanted[other.name] for other in graph.layers[i:])
            yield Added(layer.name, nodes.get(layer.name, ""), next(filter(None, later), ""))
