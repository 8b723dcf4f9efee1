"""Turn the evidence into a `Result`, after all checks or after an interruption."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.export.network.model_card import CLASSIFICATION, SEGMENTATION
from cifarx.verify.evidence import Evidence, Prepared
from cifarx.verify.exchange.matlab_result import MatlabResult, joined, truth_of_batch
from cifarx.verify.findings.accuracy import TRUTH, AccuracyReport
from cifarx.verify.findings.engine import POLYGRAPHY, EngineReport
from cifarx.verify.findings.export_error import ExportError
from cifarx.verify.findings.pixel_accuracy import PixelAccuracyReport
from cifarx.verify.findings.result import Compared, Result
from cifarx.verify.ladder.accuracy.pixels import pixel_accuracy
from cifarx.verify.ladder.accuracy.predictions import Predictions, accuracy_report
from cifarx.verify.ladder.export_error import export_error
from cifarx.verify.ladder.inputs.contract import check_contract
from cifarx.verify.ladder.logits import Truth, Values, judge_outputs, located, within
from cifarx.verify.ladder.weights.audit import audit
from cifarx.verify.ladder.weights.computed_constants import with_exact_of
from cifarx.verify.options import VerifyOptions
from cifarx.verify.subject.environment import environment_of
from cifarx.verify.subject.files_and_run import Subject
from cifarx.verify.subject.images import ComparedImages
from cifarx.verify.subject.maps import drawn_outputs
from cifarx.verify.subject.thumbnails import pictures_of

_EXPORT_IMAGES = 16  # in float64; an error of the export shows on a single image
_EXPORT_NUMBERS = 2**25  # of their outputs: 256 MB in float64
_YARDSTICK = 4.0  # two runtimes, each with its largest error in two classes


def judged_outputs(
    name: str, runtime: str, values: Values, truth: Truth, options: VerifyOptions
) -> EngineReport:
    """Judge one runtime's outputs, by the ladder and by the user's tolerance if any."""
    quoted = within(values, truth, *options.tolerance) if options.tolerance else None
    return EngineReport(name, runtime, judge_outputs(values, truth), "", tolerance=quoted)


def conclude(evidence: Evidence, options: VerifyOptions) -> Result:
    """Return the result of the evidence; engines that did not run are listed as such."""
    prepared = evidence.prepared
    subject, compared, truth = prepared.subject, prepared.compared, prepared.truth
    contract = check_contract(subject, compared.images, compared.inputs, evidence.normalized())
    reports = [_located(report, compared) for report in evidence.reports()]
    margin = truth.smallest_margin()
    elsewhere = prepared.elsewhere
    if isinstance(elsewhere, MatlabResult) and subject.mat is not None:
        batch = truth_of_batch(subject)
        reports.append(elsewhere.report(batch, prepared.layers.names))
        contract = joined(contract, elsewhere)
        margin = min(margin, batch.smallest_margin())
    elif isinstance(elsewhere, EngineReport):
        reports.append(elsewhere)
    reports += [_located(report, compared) for report in _saved(prepared, options)]
    accuracy = _accuracy(evidence)
    references = {output.name: output.reference for output in truth.outputs}
    maps, signals = drawn_outputs(compared, subject.task, references, evidence.outputs())
    return Result(
        images=Compared(compared.count, compared.origin),
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
        task=subject.task,
        pixel_accuracy=_pixel_accuracy(evidence),
        maps=maps,
        signals=signals,
    )


def _saved(prepared: Prepared, options: VerifyOptions) -> Iterator[EngineReport]:
    """Judge the outputs that Polygraphy saved, as those of an engine."""
    for saved in prepared.saved:
        assert options.from_polygraphy is not None
        runtime = f"{saved.runner}, from {options.from_polygraphy.name}"
        name = f"{POLYGRAPHY}{saved.runner}"
        names = [value.name for value in prepared.subject.onnx.graph.output]
        values = prepared.subject.compared_values(saved.in_order(names))
        yield judged_outputs(name, runtime, values, prepared.truth, options)


def _export_errors(prepared: Prepared) -> tuple[ExportError, ...]:
    """Return the findings of rung 2, one per file."""
    subject, truth = prepared.subject, prepared.truth
    numbers = sum(math.prod(values.shape[1:]) for values in truth.references)
    n = max(1, min(_EXPORT_IMAGES, _EXPORT_NUMBERS // numbers))
    inputs, references = prepared.compared.inputs, truth.references
    origin, original = prepared.truth.origin, prepared.layers.original.graph
    if subject.run is None and subject.mat is not None:  # what PyTorch gave, also with --data
        batch, origin = subject.mat.batch, f"{subject.mat_path.name}'s reference"
        inputs, references = batch.inputs, subject.compared_values(batch.references)
    files = [(subject.onnx_path.name, subject.onnx_graph)]
    if subject.mat is not None:
        files.append((subject.mat_path.name, subject.mat.graph))
    return tuple(
        export_error(
            name,
            graph and with_exact_of(graph, original),
            [values[:n] for values in inputs],
            [values[:n] for values in references],
            against=origin,
            ending=subject.ending,
        )
        for name, graph in files
    )


def _accuracy(evidence: Evidence) -> AccuracyReport | None:
    """Score (rung 6) the test images that were swept, else the compared images with labels."""
    prepared = evidence.prepared
    compared, labels = prepared.compared, prepared.compared.images.labels
    if prepared.subject.task != CLASSIFICATION or len(_classes(prepared.subject)) < 2:
        return None
    logits: dict[str, NDArray[np.floating[Any]]] = {
        name: prepared.subject.compared_values(values)[0]
        for name, values in evidence.outputs().items()
    }
    if not len(labels) or not logits:
        return None
    if prepared.subject.run is None:
        logits = {TRUTH: prepared.truth.reference, **logits}
    scored = evidence.scored or Predictions.of(compared.places, labels, logits)
    ties = _ties(evidence)
    in_all = len(labels) if compared.part is None else len(compared.part)
    classes = len(_classes(prepared.subject))
    return accuracy_report(scored, in_all, compared.origin, classes, ties)


def _pixel_accuracy(evidence: Evidence) -> PixelAccuracyReport | None:
    """Score (rung 6) the labelled pixels of the compared images of a segmentation."""
    prepared = evidence.prepared
    labels, outputs = prepared.compared.images.labels, evidence.outputs()
    if prepared.subject.task != SEGMENTATION or not len(labels) or not outputs:
        return None
    maps: dict[str, NDArray[np.floating[Any]]] = {TRUTH: prepared.truth.reference}
    maps |= {name: values[0] for name, values in outputs.items()}
    return pixel_accuracy(labels, maps, prepared.compared.origin, _ties(evidence))


def _ties(evidence: Evidence) -> dict[str, float]:
    """Return by engine the largest margin that the rounding of two runtimes can turn around."""
    return {
        ran.name: _YARDSTICK * ran.report.judgement.largest_allowed
        for ran in evidence.runs
        if ran.report.judgement is not None
    }


def _located(report: EngineReport, compared: ComparedImages) -> EngineReport:
    """Return the report with the indices of its images among the test images."""
    places = compared.places.tolist()
    of_images = compared.images.labels.ndim == 1  # else they are of pixels
    labels = compared.images.labels.tolist() if of_images else []
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
