"""The layers and weights that the files should hold: those of the run, or of model.mat."""

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
    """The layers and weights that the files should hold."""

    graph: LayerGraph
    state: Tensors
    """The checkpoint's tensors by name, without step counters; empty without a run."""
    layers_from: str
    """Where the layers come from, for the report."""
    weights_from: str
    """Where the weights come from, for the report."""

    def value(self, layer: Layer, key: str) -> NDArray[Any]:
        """Return the checkpoint's tensor for an array of a layer, else the array of `graph`."""
        array = layer.arrays[key]
        stored = self.state.get(array.source, array.value)
        # a linear layer may become a 1x1 convolution: the same numbers in the same order
        return stored.reshape(array.value.shape) if stored.size == array.value.size else stored


def original_of(subject: Subject, run_graph: LayerGraph | None) -> Original:
    """Return the run's layers and weights, or those of model.mat without a run.

    Args:
        subject: the files and the run.
        run_graph: the layers of the run's module; None without a run.
    """
    state: Tensors = {}
    if subject.run is not None:
        # checkpoints hold step counters of batch norm, which no layer computes with
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
