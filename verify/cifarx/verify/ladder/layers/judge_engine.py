"""Rung 3: judge every layer of an engine on the input that it had in that engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cifarx.export.mat.feature_order import feature_orders
from cifarx.export.network.graph import LayerGraph
from cifarx.verify.engines.engine import Activations, Engine, Inputs
from cifarx.verify.findings.divergence import Names
from cifarx.verify.findings.engine import EngineReport
from cifarx.verify.ladder.errors import apart
from cifarx.verify.ladder.layers.local_check import LocalCheck
from cifarx.verify.ladder.logits import Truth, Values, judge_outputs
from cifarx.verify.ladder.weights.computed_constants import with_constants_of
from cifarx.verify.ladder.weights.pairing import pairs_of
from cifarx.verify.subject.files_and_run import Subject
from cifarx.verify.subject.original import Original


@dataclass(frozen=True)
class LayerReference:
    """What every engine's layers are compared with."""

    subject: Subject
    original: Original
    names: tuple[Names, ...]
    """One per layer of the original, in order."""


def make_reference(subject: Subject, original: Original) -> LayerReference:
    """Return the original, with the names of its layers in PyTorch, ONNX and MATLAB."""
    graph = original.graph
    onnx = _names_in(subject.onnx_graph, graph)
    mat = _names_in(subject.mat.graph if subject.mat else None, graph)
    nodes = {name: place.node for name, place in subject.places.items()}
    names = (
        Names(
            layer.name,
            layer.kind,
            layer.module,
            nodes.get(onnx.get(layer.name, ""), ""),
            mat.get(layer.name, ""),
        )
        for layer in graph.layers
    )
    return LayerReference(subject, original, tuple(names))


def with_layers(
    report: EngineReport,
    engine: Engine,
    reference: LayerReference,
    inputs: Inputs,
    *,
    truth: Truth,
    plain: Values,
) -> EngineReport:
    """Return the report of an engine with its layers judged.

    Args:
        report: the findings on its outputs.
        engine: the engine.
        reference: what its layers are compared with.
        inputs: (N, ...) per input, a few: every layer is computed again in float64.
        truth: of the outputs for these inputs.
        plain: the engine's outputs for them in a run without marked layer outputs.

    Raises:
        EngineError: the engine could not run.
    """
    subject, original = reference.subject, reference.original
    graphs = {
        "run": original.graph,
        "onnx": subject.onnx_graph,
        "mat": subject.mat.graph if subject.mat else None,
    }
    graph = graphs[engine.holds]
    if graph is None:
        return report
    called = _names_in(graph, original.graph)
    orders = feature_orders(graph) if engine.holds == "mat" else {}
    wanted = with_constants_of(original.graph, graph)
    check = LocalCheck(wanted, fast=engine.fast, library=engine.library)

    def take(part: Inputs, activations: Activations) -> None:
        check.add(part, _in_pytorch(activations, called, orders))

    outputs = engine.layers(graph, inputs, take)
    first, *others = apart(outputs, plain)
    by_name = {entry.layer: entry for entry in reference.names}
    findings = (by_name[r.name].finding(r.ratio, r.algorithm) for r in check.ratios())
    return replace(
        report,
        layers=tuple(findings),
        layers_in_all=len(original.graph.layers),
        layer_images=len(inputs[0]),
        marked=judge_outputs(subject.compared_values(outputs), truth),
        marked_apart=first,
        others_apart=tuple(others),
    )


def _names_in(found: LayerGraph | None, original: LayerGraph) -> dict[str, str]:
    """Return the names of the original's layers in a file's network, of those that it has."""
    if found is None:
        return {}
    return {w.name: f.name for f, w in pairs_of(found, original) if f and w}


def _in_pytorch(
    activations: Activations,
    called: Mapping[str, str],
    orders: Mapping[str, NDArray[np.int64]],
) -> dict[str, NDArray[np.float32]]:
    """Return the activations by the original's names, with features in PyTorch's order.

    Args:
        activations: by the file's names.
        called: the file's name of each layer of the original.
        orders: by layer, the order of its features in MATLAB; see `feature_orders`.
    """
    found = {}
    for wanted, name in called.items():
        if name not in activations:
            continue
        values = activations[name]
        order = orders.get(name)
        if order is not None and values.ndim == 2 and values.shape[1] == len(order):
            values = values[:, np.argsort(order)]
        found[wanted] = values
    return found
