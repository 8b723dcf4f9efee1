"""Rung 2: measure what the export changed, apart from any runtime.

The network of each file and the original are both computed in float64. No float32 arithmetic is
involved, so any difference above the rounding of float64 is in the file.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cifarx.export.network.compute import run_network, with_ending
from cifarx.export.network.graph import LayerGraph
from cifarx.verify.engines.engine import Inputs
from cifarx.verify.findings.export_error import ExportError
from cifarx.verify.ladder.truth_of_output import rms


def export_error(
    file: str,
    graph: LayerGraph | None,
    inputs: Inputs,
    references: Sequence[NDArray[np.float64]],
    *,
    against: str,
    ending: str = "",
) -> ExportError:
    """Compute a file's network in float64 and compare it with the original.

    Args:
        file: its name.
        graph: its network; None if it cannot be read. Computed constants have their float64
            values if the graph has them; rung 0 judges how they were rounded.
        inputs: (N, ...) per input.
        references: (N, ...) per output, the original's in float64 for these inputs.
        against: what the original is, for the report.
        ending: what the original applies to its logits last; see `ModelCard.ending`.
    """
    relative, output = np.inf, ""
    if graph is not None and [one.shape for one in graph.inputs] == [x.shape[1:] for x in inputs]:
        found = [
            values if values.ndim != 2 else with_ending(values, ending)
            for values in run_network(graph, inputs, exact=True)
        ]
        if [x.shape for x in found] == [x.shape for x in references]:
            errors = [_relative(*pair) for pair in zip(found, references, strict=True)]
            relative = max(errors)
            output = graph.outputs[errors.index(relative)].name if len(errors) > 1 else ""
    return ExportError(file, len(inputs[0]), relative, against, output)


def _relative(found: NDArray[np.float64], reference: NDArray[np.float64]) -> float:
    """RMS of the difference over that of the reference; infinite where it is not a number."""
    size, error = rms(reference), rms(found - reference)
    relative = error / size if size else (np.inf if error else 0.0)
    return relative if np.isfinite(relative) else np.inf
