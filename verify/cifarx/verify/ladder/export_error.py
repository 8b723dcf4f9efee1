"""Rung 2: what the export changed, apart from what runtimes do.

Each file's network is computed in float64, as is the module; between the two no float32 arithmetic
is left, so that any difference beyond float64's own rounding is in the file.
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
    """Compute a file's network in float64.

    Args:
        file: its name.
        graph: its network; None where it cannot be read. Constants that it computes are taken as
            float64 gives them, where the graph knows that; rung 0 judges their rounding.
        inputs: (N, C, H, W).
        reference: (N, K), the original's float64 logits of these inputs.
        against: what the original is, for the report.
        ending: what the reference has after the logits; see `ModelCard.ending`.
    """
    relative = np.inf
    if graph is not None and graph.input_size == inputs.shape[1:]:
        found = with_ending(run_graph(graph, inputs, exact=True), ending)
        if found.shape == reference.shape and np.isfinite(found).all():
            size, error = rms(reference), rms(found - reference)
            relative = error / size if size else (np.inf if error else 0.0)
    return ExportError(file, len(inputs), relative, against)
