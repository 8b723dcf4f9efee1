"""What the files should hold: the run's layers and weights, or those of model.mat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Layer
from cifarx.verify.findings.audit import CHECKPOINT
from cifarx.verify.subject.files_and_run import Subject

Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Original:
    """What the files should hold."""

    graph: LayerGraph
    state: Tensors
    """The checkpoint's floating-point tensors by name; empty where there is no run."""
    layers_from: str
    """Whose layers they are, for the report."""
    weights_from: str

    def value(self, layer: Layer, key: str) -> NDArray[Any]:
        """The checkpoint's tensor for an array of a layer of `graph`, else the graph's own."""
        array = layer.arrays[key]
        stored = self.state.get(array.source, array.value)
        # a linear layer may have become a convolution of 1x1: the same numbers in the same order
        return stored.reshape(array.value.shape) if stored.size == array.value.size else stored


def original_of(subject: Subject, run_graph: LayerGraph | None) -> Original:
    """The run's layers and weights; model.mat's where the run is not at hand."""
    state: Tensors = {}
    if subject.run is not None:
        # batch norm's step counters are in every checkpoint, and no layer computes with them
        state = {
            name: value
            for name, value in subject.run.state().items()
            if not name.endswith("num_batches_tracked")
        }
    if run_graph is not None:
        return Original(run_graph, state, "the run", CHECKPOINT)
    assert subject.mat is not None
    name = subject.mat_path.name
    return Original(subject.mat.graph, state, name, CHECKPOINT if state else name)
