"""Find the truth for the logits: the module in float64, else the reference in model.mat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cifarx.export.network.compute import run_graph, run_graph_float32
from cifarx.pytorch_models.errors import UserError
from cifarx.verify.engines.pytorch import PyTorch
from cifarx.verify.findings.check import Check, judged
from cifarx.verify.findings.export_error import LIMIT as FLOAT64
from cifarx.verify.ladder.logits import UNIT, Truth, judge_logits, make_truth, rms
from cifarx.verify.subject.files_and_run import Subject

_ALIKE = 4.0  # times: two float32 computations of one network


def truth_of(
    subject: Subject, live: PyTorch | None, inputs: NDArray[np.float32]
) -> tuple[Truth, Check]:
    """Return the truth for these inputs, and the `reference` check: whether it can be trusted.

    Args:
        subject: the files and the run.
        live: the run's module; None without a run.
        inputs: (N, C, H, W).

    Raises:
        UserError: there is no run, and model.mat holds no outputs of PyTorch.
    """
    if live is None:
        assert subject.mat is not None
        batch, n = subject.mat.batch, len(inputs)
        if not len(batch.reference):
            raise UserError(
                f"There is nothing to compare {subject.onnx_path.name} with: "
                f"{subject.mat_path.name} was written by cifarx.save in MATLAB and holds no "
                "outputs of PyTorch. Turn it into a run with 'cifarx import', and export that run."
            )
        origin = f"{subject.mat_path.name}'s reference"
        reference, own = batch.reference[:n], batch.logits[:n]
        if not np.array_equal(batch.inputs[0][:n], inputs):  # the user's own data
            # by model.mat's layers, which rung 2 compares with its reference
            origin = f"{subject.mat_path.name}'s layers in float64"
            graph = subject.mat.graph
            reference, own = run_graph(graph, inputs, exact=True), run_graph_float32(graph, inputs)
        values = subject.compared_values
        truth = make_truth(values(reference), values(own), origin)
        if subject.unusable_runs:
            return truth, judged(
                False,
                "reference",
                f"{origin} is used because the run with these files' weights cannot be: "
                f"{subject.unusable_runs[0]} Pass --checkpoint none to compare without a run",
            )
        if not truth.credible and _amplifies_rounding(subject, truth, inputs):
            detail = f"{_own_error(truth)}, as far as its layers, computed again, amplify rounding"
            return truth, judged(True, "reference", detail)
        return truth, judged(truth.credible, "reference", _own_error(truth))
    truth = _live_truth(live, inputs)
    if subject.mat is None or subject.run is None:
        return truth, judged(truth.credible, "reference", _own_error(truth))
    batch = subject.mat.batch
    again = truth if np.array_equal(batch.inputs[0], inputs) else _live_truth(live, batch.inputs[0])
    alike = batch.reference.shape == again.reference.shape
    error = float(np.abs(batch.reference - again.reference).max(initial=0.0)) if alike else np.inf
    agrees = error <= FLOAT64 * float(np.abs(again.reference).max(initial=0.0))
    agrees = agrees and judge_logits(batch.logits, again).passed and truth.credible
    return truth, judged(
        agrees,
        "reference",
        f"{subject.mat_path.name}'s outputs for its {batch.count} test images "
        f"{'are' if agrees else 'are not'} those of the run {subject.run.folder.name} "
        f"(max difference in float64 {error:.1e}); {_own_error(truth)}",
    )


def _amplifies_rounding(subject: Subject, truth: Truth, inputs: NDArray[np.float32]) -> bool:
    """Return whether the network itself, and not damaged outputs, is so far off its float64.

    A deep network with random weights may amplify float32's rounding more than a yardstick allows;
    then its layers in float32 are about as far from the reference as PyTorch's own outputs.
    """
    assert subject.mat is not None
    reference = truth.reference
    again = subject.compared_values(run_graph_float32(subject.mat.graph, inputs))
    if again.shape != reference.shape or not np.isfinite(reference).all():
        return False
    own = truth.roundings * UNIT * rms(reference)
    return own <= _ALIKE * rms(again.astype(np.float64) - reference)


def _own_error(truth: Truth) -> str:
    return f"PyTorch's float32 is {truth.roundings:.1f} roundings off its float64"


def _live_truth(live: PyTorch, inputs: NDArray[np.float32]) -> Truth:
    own = live.run(np.empty(0, np.uint8), inputs)
    return make_truth(live.truth(inputs), own.logits, own.runtime)
