"""`cifarx verify`: the ladder of checks, from the files to a verdict (README.md has its rungs)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from cifarx.verify.accuracy import AccuracyReport, Predictions, accuracy_report
from cifarx.verify.audit import Original, audit, original_of
from cifarx.verify.checks import Check
from cifarx.verify.compared import ComparedImages, compared_images
from cifarx.verify.contract import check_contract
from cifarx.verify.divergence import Names
from cifarx.verify.elsewhere import joined, matlab_result, to_polygraphy
from cifarx.verify.engine_report import EngineReport
from cifarx.verify.engines import ENGINES
from cifarx.verify.engines.engine import (
    Engine,
    EngineError,
    EngineMissingError,
    layer_batch_size,
)
from cifarx.verify.engines.pytorch import PyTorch
from cifarx.verify.engines.toolbox_job import ToolboxJob
from cifarx.verify.environment import environment_of
from cifarx.verify.export_error import export_error
from cifarx.verify.layer_report import layer_names, with_layers
from cifarx.verify.matlab_result import MatlabResult, truth_of_batch
from cifarx.verify.numerics import Truth, judge_logits, located, margins, within
from cifarx.verify.options import Options, engine_names, require_images, unusable
from cifarx.verify.pictures import pictures_of
from cifarx.verify.polygraphy_files import RunnerOutputs, read_outputs
from cifarx.verify.result import Compared, Result
from cifarx.verify.subject import Subject, open_subject
from cifarx.verify.sweep import BrokeDownError, Sweep
from cifarx.verify.truth import truth_of

_EXPORT_IMAGES = 16  # in float64; what an export changes shows on one
_TOOLBOX_IMAGES = 16  # their activations pass through a file
_YARDSTICK = 4.0  # two runtimes, each off by its largest error at two classes


@dataclass
class _Opened:
    """An engine on its way through the ladder."""

    name: str
    engine: Engine | None
    report: EngineReport | None
    logits: NDArray[np.float32] | None = None


@dataclass
class _Found:
    """What is known so far, so that an interrupted check has a report too."""

    subject: Subject
    compared: ComparedImages
    truth: Truth
    reference: Check
    original: Original
    names: tuple[Names, ...]
    """Of the original's layers."""
    opened: list[_Opened]
    elsewhere: MatlabResult | EngineReport | None
    saved: tuple[RunnerOutputs, ...]
    """By Polygraphy."""
    normalized: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    sweep: Sweep | None = None
    doing: str = ""

    def logits(self) -> dict[str, NDArray[np.float32]]:
        """(N, K) of the compared images by engine."""
        return {one.name: one.logits for one in self.opened if one.logits is not None}


def verify(options: Options, progress: Callable[[str], None] = lambda _: None) -> Result:
    """Make every check that the files at hand allow.

    Ctrl-C while the engines run ends in a result of what was done until then, which is no pass.

    Args:
        options: see `Options`.
        progress: called with what is being done now.

    Raises:
        UserError: a bad file, nothing to compare with, or an unknown engine.
    """
    require_images(options)
    names = engine_names(options.engines)
    subject = open_subject(options.file, options.checkpoint)
    elsewhere = matlab_result(subject, options.engines)
    saved = read_outputs(options.from_polygraphy) if options.from_polygraphy else ()
    progress("reading images")
    compared = compared_images(subject, options.images)
    opened = [_opened(name, subject, options.engines is not None) for name in names]
    live = next((o.engine for o in opened if type(o.engine) is PyTorch), None)
    if live is None and subject.run is not None:  # as the truth, whichever engines were asked for
        live = PyTorch(subject)
    progress("layers and weights")
    original = original_of(subject, live.graph() if live else None)
    progress("pytorch in float64")
    truth, reference = truth_of(subject, live, compared.inputs)
    layers = layer_names(subject, original.graph)
    found = _Found(subject, compared, truth, reference, original, layers, opened, elsewhere, saved)

    def doing(what: str) -> None:
        found.doing = what
        progress(what)

    stopped = ""
    try:
        _run(found, options, doing)
    except KeyboardInterrupt:
        stopped = found.doing
    if options.to_polygraphy is not None:
        to_polygraphy(options.to_polygraphy, subject, found.logits(), compared.inputs)
    return replace(_result(found, options), interrupted=stopped)


def _opened(name: str, subject: Subject, required: bool) -> _Opened:
    try:
        return _Opened(name, ENGINES[name](subject), None)
    except EngineError as error:
        if required:
            raise unusable(name, error) from error
        rejected = not isinstance(error, EngineMissingError)  # the file, which must not pass
        return _Opened(name, None, EngineReport(name, name, None, str(error), rejected))


def _run(found: _Found, options: Options, doing: Callable[[str], None]) -> None:
    """All engines over the compared images, then layer by layer, then over the data set."""
    compared, truth = found.compared, found.truth
    for one in found.opened:
        if one.engine is None:
            continue
        doing(one.name)
        try:
            outputs = one.engine.run(compared.images.pixels, compared.inputs)
            if outputs.normalized is not None:
                found.normalized[outputs.runtime] = outputs.normalized
            one.report = _reported(one.name, outputs.runtime, outputs.logits, truth, options)
            if outputs.logits.shape != truth.reference.shape:
                continue  # nothing more can be said of it
            one.logits = outputs.logits
            doing(f"{one.name}, layer by layer")
            most = options.layer_images
            if isinstance(one.engine, ToolboxJob):
                most = min(most, layer_batch_size(_TOOLBOX_IMAGES, found.original.graph))
            some = slice(0, min(most, len(compared.inputs)))
            one.report = with_layers(
                one.report,
                one.engine,
                found.subject,
                found.original,
                found.names,
                compared.inputs[some],
                replace(truth, reference=truth.reference[some]),
            )
        except EngineError as error:
            one.report = EngineReport(one.name, one.name, None, str(error), broke_down=True)
            one.logits = None
    run, part, count = found.subject.run, compared.part, options.accuracy_images
    running = {o.name: o.engine for o in found.opened if o.engine and o.logits is not None}
    if run is not None and part is not None and count is not None:
        found.sweep = Sweep(run, part, count, lambda name: running[name])
        try:
            found.sweep.run(tuple(running), doing)
        except BrokeDownError as error:
            (one,) = (o for o in found.opened if o.name == error.engine)
            problem = f"on the data set: {error}"
            one.report = EngineReport(one.name, one.name, None, problem, broke_down=True)
            found.sweep = one.logits = None


def _reported(
    name: str, runtime: str, logits: NDArray[np.float32], truth: Truth, options: Options
) -> EngineReport:
    quoted = within(logits, truth, *options.tolerance) if options.tolerance else None
    return EngineReport(name, runtime, judge_logits(logits, truth), "", tolerance=quoted)


def take_share(options: Options) -> None:
    """Score a share of the test images, in a process that is not the first under torchrun.

    Raises:
        UserError: as `verify` does.
    """
    subject = open_subject(options.file, options.checkpoint)
    part = compared_images(subject, 1).part
    if subject.run is None or part is None or options.accuracy_images is None:
        return
    share = Sweep(subject.run, part, options.accuracy_images, lambda name: ENGINES[name](subject))
    share.run((), lambda _: None)


def _accuracy(found: _Found) -> AccuracyReport | None:
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


def _result(found: _Found, options: Options) -> Result:
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
        name = f"polygraphy:{saved.runner}"
        report = _reported(name, runtime, saved.logits, found.truth, options)
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
        environment_of(subject),
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
