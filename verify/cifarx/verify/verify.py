"""Run `cifarx verify`: the ladder of checks, from the files to a verdict (rungs: README.md)."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cifarx.pytorch_models.errors import (
    BrokeDownError,
    CutShortError,
    EngineError,
    EngineMissingError,
    UserError,
)
from cifarx.verify.conclude import conclude, judged_outputs
from cifarx.verify.engines.choose import ENGINES, engine_names, unusable
from cifarx.verify.engines.engine import Engine, layer_batch_size
from cifarx.verify.engines.pytorch import PyTorch
from cifarx.verify.engines.toolbox_job import ToolboxJob
from cifarx.verify.evidence import EngineRun, Evidence, OpenedEngine, Prepared
from cifarx.verify.exchange.for_polygraphy import EngineOutputs
from cifarx.verify.exchange.matlab_result import take_result
from cifarx.verify.exchange.polygraphy_files import read_outputs
from cifarx.verify.findings.engine import EngineReport
from cifarx.verify.findings.result import Result
from cifarx.verify.interruption import stopped_by, undisturbed
from cifarx.verify.ladder.accuracy.sweep import Sweep
from cifarx.verify.ladder.layers.judge_engine import make_reference, with_layers
from cifarx.verify.ladder.truth import truth_of
from cifarx.verify.options import VerifyOptions, require_images
from cifarx.verify.subject.files_and_run import Subject, open_subject
from cifarx.verify.subject.images import ComparedImages, compared_images
from cifarx.verify.subject.original import original_of

_TOOLBOX_IMAGES = 16  # the activations of each pass through a file

Progress = Callable[[str], None]
"""Called with the step that begins."""


def verify(options: VerifyOptions, progress: Progress = lambda _: None) -> Result:
    """Make every check that the available files allow.

    Ctrl-C while the engines run gives a result of the checks made so far, which is not a pass. So
    does SIGTERM, which torchrun sends to its other processes when one of them dies.

    Args:
        options: see `VerifyOptions`.
        progress: called with the step that begins.

    Raises:
        UserError: a file is bad, there is nothing to compare with, an engine is unknown, or the
            user stopped the check before anything was compared.
    """
    return verify_with_outputs(options, progress)[0]


def verify_with_outputs(
    options: VerifyOptions, progress: Progress = lambda _: None
) -> tuple[Result, EngineOutputs | None]:
    """Do what `verify` does, and return the engines' outputs too; None if no engine gave any."""
    doing = "reading files"

    def tell(what: str) -> None:
        nonlocal doing
        doing = what
        progress(what)

    evidence: Evidence | None = None
    stopped = ""
    with stopped_by(signal.SIGTERM):
        try:
            prepared = _prepared(options, tell)
            for evidence in _gathered(prepared, options, tell):  # noqa: B007  (the last one is used)
                pass
            assert evidence is not None
            tell("the report")
            result = conclude(evidence, options)
        except (KeyboardInterrupt, CutShortError) as error:
            if evidence is None:
                raise UserError(
                    f"Stopped during: {doing}. Nothing had been compared, so no report was written."
                ) from error
            stopped = f"{doing}{f' ({error})' if str(error) else ''}"
        with undisturbed():
            if stopped:
                result = replace(conclude(evidence, options), interrupted=stopped)
            return result, _outputs(evidence)


def _prepared(options: VerifyOptions, tell: Progress) -> Prepared:
    """Read everything that the engines run on and are judged against."""
    require_images(options)
    names = engine_names(options.engines)
    subject = open_subject(options.file, options.checkpoint)
    elsewhere = take_result(subject, options.engines)
    saved = read_outputs(options.from_polygraphy) if options.from_polygraphy else ()
    tell("reading images")
    compared = compared_images(subject, options.images, options.data)
    _require_accuracy(options, subject, compared)
    engines = tuple(_opened(name, subject, options.engines is not None) for name in names)
    live = next((one.engine for one in engines if type(one.engine) is PyTorch), None)
    if live is None and subject.run is not None:  # the truth needs it, whatever --engines names
        live = PyTorch(subject)
    tell("layers and weights")
    original = original_of(subject, live.graph() if live else None)
    tell("pytorch in float64")
    truth, reference = truth_of(subject, live, compared.inputs)
    return Prepared(
        subject=subject,
        compared=compared,
        truth=truth,
        reference=reference,
        layers=make_reference(subject, original),
        engines=engines,
        elsewhere=elsewhere,
        saved=saved,
    )


def _require_accuracy(options: VerifyOptions, subject: Subject, compared: ComparedImages) -> None:
    """Raise `UserError` if --accuracy is given but there are no test images."""
    if options.accuracy_images is None or compared.part is not None:
        return
    if subject.run is None:
        missing = "the run that the files came from is not here (--checkpoint RUN names it)"
    else:
        missing = f"the data of the run {subject.run.folder} cannot be read"
    raise UserError(
        f"--accuracy asks for a score on the run's test images, but {missing}. Provide it, or "
        "leave --accuracy out."
    )


def _opened(name: str, subject: Subject, required: bool) -> OpenedEngine:
    try:
        return OpenedEngine(name, ENGINES[name](subject), None)
    except EngineError as error:
        if required:
            raise unusable(name, error) from error
        rejected = not isinstance(error, EngineMissingError)  # it rejects the file: not a pass
        return OpenedEngine(name, None, EngineReport(name, name, None, str(error), rejected))


def _gathered(prepared: Prepared, options: VerifyOptions, tell: Progress) -> Iterator[Evidence]:
    """Run all engines on the compared images, layer by layer, and on the data set.

    Yields:
        The evidence after each step, so that an interruption loses nothing.
    """
    evidence = Evidence(prepared)
    yield evidence
    for opened in prepared.engines:
        if opened.engine is not None:
            for run in _run(opened.name, opened.engine, prepared, options, tell):
                evidence = evidence.with_run(run)
                yield evidence
    yield from _scored(evidence, options, tell)


def _run(
    name: str, engine: Engine, prepared: Prepared, options: VerifyOptions, tell: Progress
) -> Iterator[EngineRun]:
    """Run one engine on the compared images; yield the run, then the same with layers judged."""
    compared, truth = prepared.compared, prepared.truth
    normalized: tuple[str, NDArray[np.float32]] | None = None
    tell(name)
    try:
        outputs = engine.run(compared.images.pixels, compared.inputs)
        if outputs.normalized is not None:
            normalized = outputs.runtime, outputs.normalized
        values = prepared.subject.compared_values(outputs.values)
        report = judged_outputs(name, outputs.runtime, values, truth, options)
        if not truth.fits(outputs.values):  # nothing more can be compared
            yield EngineRun(name, report, None, normalized)
            return
        run = EngineRun(name, report, outputs.values, normalized)
        yield run
        tell(f"{name}, layer by layer")
        n = _layer_images(engine, prepared, options)
        inputs = tuple(x[:n] for x in compared.inputs)
        plain = tuple(x[:n] for x in outputs.values)
        layered = with_layers(
            report, engine, prepared.layers, inputs, truth=truth.first(n), plain=plain
        )
        yield replace(run, report=layered)
    except EngineError as error:
        broken = EngineReport(name, name, None, str(error), broke_down=True)
        yield EngineRun(name, broken, None, normalized)


def _layer_images(engine: Engine, prepared: Prepared, options: VerifyOptions) -> int:
    """Return how many of the compared images an engine's layers are judged on."""
    most = min(options.layer_images, prepared.compared.count)
    if isinstance(engine, ToolboxJob):
        most = min(most, layer_batch_size(_TOOLBOX_IMAGES, prepared.layers.original.graph))
    return most


def _scored(evidence: Evidence, options: VerifyOptions, tell: Progress) -> Iterator[Evidence]:
    """Score the data set (rung 6) with the engines that gave outputs."""
    prepared = evidence.prepared
    run, part, count = prepared.subject.run, prepared.compared.part, options.accuracy_images
    if run is None or part is None or count is None:
        return
    engines = {one.name: one.engine for one in prepared.engines if one.engine is not None}
    sweep = Sweep(run, part, count, engines.__getitem__)
    try:
        for scored in sweep.run(tuple(evidence.outputs()), tell):
            evidence = replace(evidence, scored=scored)
            yield evidence
    except BrokeDownError as error:
        problem = f"on the data set: {error}"
        broken = EngineReport(error.engine, error.engine, None, problem, broke_down=True)
        normalized = next(r.normalized for r in evidence.runs if r.name == error.engine)
        yield replace(
            evidence.with_run(EngineRun(error.engine, broken, None, normalized)), scored=None
        )


def _outputs(evidence: Evidence) -> EngineOutputs | None:
    outputs = evidence.outputs()
    if not outputs:
        return None
    prepared = evidence.prepared
    return EngineOutputs(prepared.subject, outputs, prepared.compared.inputs)


def take_share(options: VerifyOptions) -> None:
    """Score a share of the test images, in a process of torchrun other than the first.

    Raises:
        UserError: as `verify` does.
    """
    subject = open_subject(options.file, options.checkpoint)
    part = compared_images(subject, 1).part
    if subject.run is None or part is None or options.accuracy_images is None:
        return
    share = Sweep(subject.run, part, options.accuracy_images, lambda name: ENGINES[name](subject))
    try:
        for _ in share.run((), lambda _: None):
            pass
    except (BrokeDownError, CutShortError) as error:
        raise UserError(
            f"This process of torchrun scored no share of the images: {error}."
        ) from error
