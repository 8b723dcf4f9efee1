"""From everything that was found to a `Result`: after all checks, or after those that were made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cifarx.verify.evidence import Found
from cifarx.verify.exchange.elsewhere import joined
from cifarx.verify.exchange.matlab_result import MatlabResult, truth_of_batch
from cifarx.verify.findings.accuracy import AccuracyReport
from cifarx.verify.findings.engine import POLYGRAPHY, EngineReport
from cifarx.verify.findings.result import Compared, Result
from cifarx.verify.ladder.accuracy.predictions import Predictions, accuracy_report
from cifarx.verify.ladder.export_error import export_error
from cifarx.verify.ladder.inputs.contract import check_contract
from cifarx.verify.ladder.logits import Truth, judge_logits, located, margins, within
from cifarx.verify.ladder.weights.audit import audit
from cifarx.verify.options import Options
from cifarx.verify.subject.environment import environment_of
from cifarx.verify.subject.files_and_run import Subject
from cifarx.verify.subject.images import ComparedImages
from cifarx.verify.subject.thumbnails import pictures_of

_EXPORT_IMAGES = 16  # in float64; what an export changes shows on one
_YARDSTICK = 4.0  # two runtimes, each off by its largest error at two classes


def judged_outputs(
    name: str, runtime: str, logits: NDArray[np.float32], truth: Truth, options: Options
) -> EngineReport:
    """One runtime's logits (N, K), judged; beside it the tolerance that the user quotes."""
    quoted = within(logits, truth, *options.tolerance) if options.tolerance else None
    return EngineReport(name, runtime, judge_logits(logits, truth), "", tolerance=quoted)


def _accuracy(found: Found) -> AccuracyReport | None:
    """Rung 6: of the test images that were swept, else of the compared ones."""
    compared, run = found.compared, found.subject.run
    logits = found.logits()
    if run is None or compared.part is None or not logits:
        return None
    scored = found.sweep.predictions() if found.sweep else None
    if scored is None:
        scored = Predictions.of(compared.places, compared.images.labels, logits)
    ties = {
        one.name: _YARDSTICK * one.report.judgement.largest_allowed
        for one in found.opened
        if one.report is not None and one.report.judgement is not None
    }
    origin = f"test images of {run.record.data.name}"
    return accuracy_report(scored, len(compared.part), origin, len(run.record.classes), ties)


def conclude(found: Found, options: Options) -> Result:
    """The result of all that was found; engines that did not run are named as such."""
    subject, compared, original = found.subject, found.compared, found.original
    contract = check_contract(subject, compared.images, compared.inputs, found.normalized)
    reports = [
        _located(one.report, compared)
        if one.report
        else EngineReport(one.name, one.name, None, "not run: the check was stopped")
        for one in found.opened
    ]
    margin = float(margins(found.truth.reference).min())
    elsewhere = found.elsewhere
    if isinstance(elsewhere, MatlabResult) and subject.mat is not None:
        batch = truth_of_batch(subject.mat, subject.mat_path.name)
        reports.append(elsewhere.report(batch, found.names))
        contract = joined(contract, elsewhere)
        margin = min(margin, float(margins(batch.reference).min()))
    elif isinstance(elsewhere, EngineReport):
        reports.append(elsewhere)
    for saved in found.saved:
        assert options.from_polygraphy is not None
        runtime = f"{saved.runner}, from {options.from_polygraphy.name}"
        name = f"{POLYGRAPHY}{saved.runner}"
        report = judged_outputs(name, runtime, saved.logits, found.truth, options)
        reports.append(_located(report, compared))
    accuracy = _accuracy(found)
    some = slice(0, _EXPORT_IMAGES)
    inputs, reference = compared.inputs[some], found.truth.reference[some]
    of_files = [(subject.onnx_path.name, subject.onnx_graph)]
    if subject.mat is not None:
        of_files.append((subject.mat_path.name, subject.mat.graph))
    exports = tuple(
        export_error(name, graph, inputs, reference, found.truth.origin) for name, graph in of_files
    )
    return Result(
        Compared(len(compared.inputs), compared.origin),
        found.truth.origin,
        tuple(audit(subject, original)),
        contract,
        found.reference,
        exports,
        tuple(reports),
        margin,
        accuracy,
        _classes(subject),
        found.names,
        pictures_of(subject, compared, reports, accuracy),
        environment_of(subject, options),
        options.accept_predictions,
    )


def _located(report: EngineReport, compared: ComparedImages) -> EngineReport:
    """A report that says which test images are those of its changes."""
    places, labels = compared.places.tolist(), compared.images.labels.tolist()
    judgement, marked = (
        located(judgement, places, labels) if judgement else None
        for judgement in (report.judgement, report.marked)
    )
    return replace(report, judgement=judgement, marked=marked)


def _classes(subject: Subject) -> tuple[str, ...]:
    """Class names, the run's before the files'."""
    if subject.run is not None:
        return subject.run.record.classes
    assert subject.mat is not None
    return subject.mat.card.classes
