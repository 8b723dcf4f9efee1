"""Turn the evidence into a `Result`, after all checks or after an interruption."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.verify.evidence import Evidence, Prepared
from cifarx.verify.exchange.matlab_result import MatlabResult, joined, truth_of_batch
from cifarx.verify.findings.accuracy import TRUTH, AccuracyReport
from cifarx.verify.findings.engine import POLYGRAPHY, EngineReport
from cifarx.verify.findings.export_error import ExportError
from cifarx.verify.findings.result import Compared, Result
from cifarx.verify.ladder.accuracy.predictions import Predictions, accuracy_report
from cifarx.verify.ladder.export_error import export_error
from cifarx.verify.ladder.inputs.contract import check_contract
from cifarx.verify.ladder.logits import Truth, judge_logits, located, margins, within
from cifarx.verify.ladder.weights.audit import audit
from cifarx.verify.ladder.weights.computed_constants import with_exact_of
from cifarx.verify.options import VerifyOptions
from cifarx.verify.subject.environment import environment_of
from cifarx.verify.subject.files_and_run import Subject
from cifarx.verify.subject.images import ComparedImages
from cifarx.verify.subject.thumbnails import pictures_of

_EXPORT_IMAGES = 16  # in float64; an error of the export shows on a single image
_YARDSTICK = 4.0  # two runtimes, each with its largest error in two classes


def judged_outputs(
    name: str, runtime: str, logits: NDArray[np.float32], truth: Truth, options: VerifyOptions
) -> EngineReport:
    """Judge one runtime's logits (N, K), by the ladder and by the user's tolerance if any."""
    quoted = within(logits, truth, *options.tolerance) if options.tolerance else None
    return EngineReport(name, runtime, judge_logits(logits, truth), "", tolerance=quoted)


def conclude(evidence: Evidence, options: VerifyOptions) -> Result:
    """Return the result of the evidence; engines that did not run are listed as such."""
    prepared = evidence.prepared
    subject, compared, truth = prepared.subject, prepared.compared, prepared.truth
    contract = check_contract(subject, compared.images, compared.inputs, evidence.normalized())
    reports = [_located(report, compared) for report in evidence.reports()]
    margin = float(margins(truth.reference).min())
    elsewhere = prepared.elsewhere
    if isinstance(elsewhere, MatlabResult) and subject.mat is not None:
        batch = truth_of_batch(subject.mat, subject.mat_path.name)
        reports.append(elsewhere.report(batch, prepared.layers.names))
        contract = joined(contract, elsewhere)
        margin = min(margin, float(margins(batch.reference).min()))
    elif isinstance(elsewhere, EngineReport):
        reports.append(elsewhere)
    reports += [_located(report, compared) for report in _saved(prepared, options)]
    accuracy = _accuracy(evidence)
    return Result(
        images=Compared(len(compared.inputs), compared.origin),
        truth=truth.origin,
        audits=tuple(audit(subject, prepared.layers.original)),
        contract=contract,
        reference=prepared.reference,
        export=_export_errors(prepared),
        engines=tuple(reports),
        margin=margin,
        accuracy=accuracy,
        classes=_classes(subject),
        layers=prepared.layers.names,
        pictures=pictures_of(subject, compared, reports, accuracy),
        environment=environment_of(subject, options.asked()),
        accept_predictions=options.accept_predictions,
    )


def _saved(prepared: Prepared, options: VerifyOptions) -> Iterator[EngineReport]:
    """Judge the outputs that Polygraphy saved, as those of an engine."""
    for saved in prepared.saved:
        assert options.from_polygraphy is not None
        runtime = f"{saved.runner}, from {options.from_polygraphy.name}"
        name = f"{POLYGRAPHY}{saved.runner}"
        values = prepared.subject.compared_values(saved.logits)
        yield judged_outputs(name, runtime, values, prepared.truth, options)


def _export_errors(prepared: Prepared) -> tuple[ExportError, ...]:
    """Return the findings of rung 2, one per file."""
    subject, some = prepared.subject, slice(0, _EXPORT_IMAGES)
    inputs, reference = prepared.compared.inputs[some], prepared.truth.reference[some]
    origin, original = prepared.truth.origin, prepared.layers.original.graph
    if subject.run is None and subject.mat is not None:  # what PyTorch gave, also with --data
        batch, origin = subject.mat.batch, f"{subject.mat_path.name}'s reference"
        inputs, reference = batch.inputs[0][some], subject.compared_values(batch.reference[some])
    files = [(subject.onnx_path.name, subject.onnx_graph)]
    if subject.mat is not None:
        files.append((subject.mat_path.name, subject.mat.graph))
    return tuple(
        export_error(
            name,
            graph and with_exact_of(graph, original),
            inputs,
            reference,
            against=origin,
            ending=subject.ending,
        )
        for name, graph in files
    )


def _accuracy(evidence: Evidence) -> AccuracyReport | None:
    """Score (rung 6) the test images that were swept, else the compared images with labels."""
    prepared = evidence.prepared
    compared, labels = prepared.compared, prepared.compared.images.labels
    logits: dict[str, NDArray[np.floating[Any]]] = {
        name: prepared.subject.compared_values(values) for name, values in evidence.logits().items()
    }
    if not len(labels) or not logits or len(_classes(prepared.subject)) < 2:
        return None
    if prepared.subject.run is None:
        logits = {TRUTH: prepared.truth.reference, **logits}
    scored = evidence.scored or Predictions.of(compared.places, labels, logits)
    ties = {
        ran.name: _YARDSTICK * ran.report.judgement.largest_allowed
        for ran in evidence.runs
        if ran.report.judgement is not None
    }
    in_all = len(labels) if compared.part is None else len(compared.part)
    classes = len(_classes(prepared.subject))
    return accuracy_report(scored, in_all, compared.origin, classes, ties)


def _located(report: EngineReport, compared: ComparedImages) -> EngineReport:
    """Return the report with the indices of its images among the test images."""
    places, labels = compared.places.tolist(), compared.images.labels.tolist()
    judgement, marked = (
        located(judgement, places, labels) if judgement else None
        for judgement in (report.judgement, report.marked)
    )
    return replace(report, judgement=judgement, marked=marked)


def _classes(subject: Subject) -> tuple[str, ...]:
    """Return the class names of the run, else those of model.mat."""
    if subject.run is not None:
        return subject.run.record.classes
    assert subject.mat is not None
    return subject.mat.card.classes
