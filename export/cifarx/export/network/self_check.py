"""Check that the layers that were read compute what their source computes.

Exporters have faults: torch.onnx.export of torch 2.15 silently drops the divisor of an average
pooling. `cifarx verify` gives the proof; this check only prevents that a plainly different network
is written.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cifarx.export.network.compute import run_network
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.test_batch import TestBatch
from cifarx.pytorch_models.errors import UserError

_FAR = 1000.0  # times the source's own rounding error; a lost operation gives about a million
_ALIKE = 2.0**16  # roundings between two runtimes; verify/README.md's limit is 2^10
_ROUNDING = 2.0**-24


def require_agreement(graph: LayerGraph, batch: TestBatch) -> None:
    """Compare layers and source in float64 on the first input of the source's test batch.

    Raises:
        UserError: they differ by far more than the source's own float32 does.
    """
    found = run_network(graph, [x[:1] for x in batch.inputs], exact=True)
    for values, reference, own in zip(found, batch.references, batch.outputs, strict=True):
        wanted = reference[:1]
        unit = max(_rms(own[:1] - wanted), _ROUNDING * _rms(wanted))
        error = _rms(values - wanted) if values.shape == wanted.shape else np.inf
        _require_below(_FAR, error, unit, wanted)


def require_same(
    outputs: Sequence[NDArray[np.float32]], references: Sequence[NDArray[np.float64]]
) -> None:
    """Compare a source's float32 outputs (N, ...) with the layers' float64 ones.

    Raises:
        UserError: they differ by far more than float32 rounding.
    """
    for found, reference in zip(outputs, references, strict=True):
        unit = _ROUNDING * _rms(reference)
        error = _rms(found - reference) if found.shape == reference.shape else np.inf
        _require_below(_ALIKE, error, unit, reference)


def _require_below(
    limit: float, error: float, unit: float, reference: NDArray[np.floating]
) -> None:
    """Raise if the error is above `limit` units; nothing is said about NaN and infinity."""
    if np.isfinite(reference).all() and not error <= limit * max(unit, np.finfo(float).tiny):
        raise UserError(
            "The layers that cifarx read do not compute what the network computes: on random "
            f"inputs the outputs differ by {error:.1e}, while rounding explains {unit:.1e}. "
            "Nothing was written. An operation was lost or changed during the export; export parts "
            "of the network separately to find it, and please report it."
        )


def _rms(values: NDArray[np.floating]) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))
