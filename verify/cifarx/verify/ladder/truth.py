"""Find the truth for the outputs: the module in float64, else the reference in model.mat."""

from __future__ import annotations

import numpy as np

from cifarx.export.network.compute import run_network, run_network_float32
from cifarx.pytorch_models.errors import UserError
from cifarx.verify.engines.engine import Inputs
from cifarx.verify.engines.pytorch import PyTorch
from cifarx.verify.findings.check import Check, judged
from cifarx.verify.findings.export_error import LIMIT as FLOAT64
from cifarx.verify.ladder.errors import apart
from cifarx.verify.ladder.logits import Truth, judge_outputs, make_truth
from cifarx.verify.ladder.truth_of_output import UNIT, rms
from cifarx.verify.subject.files_and_run import Subject

_ALIKE = 4.0  # times: two float32 computations of one network


def truth_of(subject: Subject, live: PyTorch | None, inputs: Inputs) -> tuple[Truth, Check]:
    """Return the truth for these inputs, and the `reference` check: whether it can be trusted.

    Args:
        subject: the files and the run.
        live: the run's module; None without a run.
        inputs: (N, ...) per input.

    Raises:
        UserError: there is no run, and model.mat holds no outputs of PyTorch.
    """
    if live is None:
        return _truth_of_mat(subject, inputs)
    truth = _live_truth(live, inputs)
    if subject.mat is None or subject.run is None:
        return truth, judged(truth.credible, "reference", _own_error(truth))
    batch = subject.mat.batch
    again = truth if _equal(batch.inputs, inputs) else _live_truth(live, batch.inputs)
    error = max(apart(batch.references, again.references), default=np.inf)
    agrees = error <= FLOAT64 * max(float(np.abs(x).max(initial=0.0)) for x in again.references)
    agrees = agrees and judge_outputs(batch.outputs, again).passed and truth.credible
    return truth, judged(
        agrees,
        "reference",
        f"{subject.mat_path.name}'s outputs for its {batch.count} test images "
        f"{'are' if agrees else 'are not'} those of the run {subject.run.folder.name} "
        f"(max difference in float64 {error:.1e}); {_own_error(truth)}",
    )


def _truth_of_mat(subject: Subject, inputs: Inputs) -> tuple[Truth, Check]:
    """Return the truth by model.mat: its reference, or for the user's own data its layers."""
    assert subject.mat is not None
    batch, graph, n = subject.mat.batch, subject.mat.graph, len(inputs[0])
    if not batch.references:
        raise UserError(
            f"There is nothing to compare {subject.onnx_path.name} with: "
            f"{subject.mat_path.name} was written by cifarx.save in MATLAB and holds no "
            "outputs of PyTorch. Turn it into a run with 'cifarx import', and export that run."
        )
    origin = f"{subject.mat_path.name}'s reference"
    references = tuple(values[:n] for values in batch.references)
    own = tuple(values[:n] for values in batch.outputs)
    if not _equal([values[:n] for values in batch.inputs], inputs):  # the user's own data
        # by model.mat's layers, which rung 2 compares with its reference
        origin = f"{subject.mat_path.name}'s layers in float64"
        references = run_network(graph, inputs, exact=True)
        own = run_network_float32(graph, inputs)
    truth = make_truth(
        subject.compared_values(references),
        subject.compared_values(own),
        origin,
        task=subject.task,
        names=subject.output_names,
    )
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


def _equal(some: Inputs, others: Inputs) -> bool:
    return len(some) == len(others) and all(map(np.array_equal, some, others))


def _amplifies_rounding(subject: Subject, truth: Truth, inputs: Inputs) -> bool:
    """Return whether the network itself, and not damaged outputs, is so far off its float64.

    A deep network with random weights may amplify float32's rounding more than a yardstick allows;
    then its layers in float32 are about as far from the reference as PyTorch's own outputs.
    """
    assert subject.mat is not None
    again = subject.compared_values(run_network_float32(subject.mat.graph, inputs))
    if not truth.fits(again) or not all(np.isfinite(x).all() for x in truth.references):
        return False
    return all(
        output.roundings * UNIT * rms(output.reference)
        <= _ALIKE * rms(values.astype(np.float64) - output.reference)
        for values, output in zip(again, truth.outputs, strict=True)
    )


def _own_error(truth: Truth) -> str:
    worst = max(truth.outputs, key=lambda output: output.roundings)
    of = f" in the output {worst.name}" if len(truth.outputs) > 1 else ""
    return f"PyTorch's float32 is {worst.roundings:.1f} roundings off its float64{of}"


def _live_truth(live: PyTorch, inputs: Inputs) -> Truth:
    own = live.run(np.empty(0, np.uint8), inputs)
    return make_truth(live.truth(inputs), own.values, own.runtime)
