"""Whether what is about to be written computes what its source computes.

Exporters have faults of their own: torch.onnx.export of torch 2.15 leaves out the divisor of an
average pooling, without a word. The proof is `cifarx verify`; this keeps a network that is plainly
another one from being written at all.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cifarx.export.card import ModelCard
from cifarx.export.graph import LayerGraph
from cifarx.export.mat_writer import TestBatch
from cifarx.export.onnx_writer import OPSET, onnx_from_graph
from cifarx.pytorch_models.errors import UserError

_FAR = 1000.0  # times the source's own rounding; faults of arithmetic make millions
_ROUNDING = 2.0**-24


def require_agreement(graph: LayerGraph, card: ModelCard, batch: TestBatch) -> None:
    """Run the graph on the first image of the test batch and compare with its float64 logits.

    Raises:
        UserError: they differ by far more than float32 rounding.
    """
    inputs, reference = batch.inputs[:1], batch.reference[:1]
    if not np.isfinite(reference).all():
        return
    logits = _logits(graph, card, inputs)
    own = _rms(batch.logits[:1] - reference)
    error = _rms(logits - reference) / max(own, _ROUNDING * _rms(reference), np.finfo(float).tiny)
    if not error <= _FAR:
        raise UserError(
            f"What cifarx read of the network does not compute what the network computes: on one "
            f"image of random pixels its logits are {error:.0f} times further from float64 than "
            "the network's own float32. Nothing was written. An operation was lost or changed on "
            "the way to ONNX; please report it, and cut the network in parts to find which."
        )


def _rms(values: NDArray[np.floating]) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def _logits(graph: LayerGraph, card: ModelCard, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """(1, C, H, W) -> (1, K), by ONNX Runtime from a file, for it takes no second copy then."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        with path.open("wb") as file:
            for chunk in onnx_from_graph(graph, card, OPSET).chunks():
                file.write(chunk)
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        name = session.get_inputs()[0].name
        return np.asarray(session.run(None, {name: inputs})[0], np.float32)
