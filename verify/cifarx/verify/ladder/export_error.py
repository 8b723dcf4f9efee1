"""Rung 2: measure what the export changed, apart from any runtime.

The network of each file and the original are both computed in float64. No float32 arithmetic is
involved, so any difference above the rounding of float64 is in the file.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cifarx.export.network.compute import run_graph, with_ending
from cifarx.export.network.graph import LayerGraph
from cifarx.verify.findings.export_error import ExportError
from cifarx.verify.ladder.logits import rms


def export_error(
    file: str,
    graph: LayerGraph | None,
    inputs: NDArray[np.float32],
    reference: NDArray[np.float64],
    *,
    against: str,
    ending: str = "",
) -> ExportError:
    """Compute a file's network in float64 and compare it with the original.

    Args:
        file: its name.
        graph: its network; None if it cannot be read. Computed constants have their float64
            values if the graph has them; rung 0 judges how they were rounded.
        inputs: (N, C, H, W).
        reference: (N, K), the original's float64 logits of these inputs.
        against: what the original is, for the report.
        ending: what the original applies to its logits last; see `ModelCard.ending`.
    """
    relative = np.inf
    if graph is not None and graph.inputs[0].shape == inputs.shape[1:]:
        found = with_ending(run_graph(graph, inputs, exact=True), ending)
        if found.shape == reference.shape and np.isfinite(found).all():
            size, error = rms(reference), rms(found - reference)
            relative = error / size if size else (np.inf if error else 0.0)
    return ExportError(file, len(inputs), relative, against)
