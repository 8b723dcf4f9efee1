"""`cifarx verify`: the ladder of checks, from the files to a verdict (README.md has its rungs)."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace

from cifarx.pytorch_models.errors import (
    BrokeDownError,
    CutShortError,
    EngineError,
    EngineMissingError,
    UserError,
)
from cifarx.verify.conclude import conclude, judged_outputs
from cifarx.verify.engines.choose import ENGINES, engine_names, unusable
from cifarx.verify.engines.engine import layer_batch_size
from cifarx.verify.engines.pytorch import PyTorch
from cifarx.verify.engines.toolbox_job import ToolboxJob
from cifarx.verify.evidence import Found, Opened
from cifarx.verify.exchange.elsewhere import matlab_result
from cifarx.verify.exchange.polygraphy_files import read_outputs
from cifarx.verify.findings.engine import EngineReport
from cifarx.verify.findings.result import Result
from cifarx.verify.interruption import stopped_by, undisturbed
from cifarx.verify.ladder.accuracy.sweep import Sweep
from cifarx.verify.ladder.layers.judge_engine import layer_names, with_layers
from cifarx.verify.ladder.truth import truth_of
from cifarx.verify.options import Options, require_images
from cifarx.verify.subject.files_and_run import Subject, open_subject
from cifarx.verify.subject.images import ComparedImages, compared_images
from cifarx.verify.subject.original import original_of

_TOOLBOX_IMAGES = 16  # their activations pass through a file


def verify(options: Options, progress: Callable[[str], None] = lambda _: None) -> Result:
    """Make every check that the files at hand allow.

    Ctrl-C while the engines run ends in a result of what was done until then, which is no pass; so
    does SIGTERM, by which torchrun ends processes when it has lost one.

    Args:
        options: see `Options`.
        progress: called with what is being done now.

    Raises:
        UserError: a bad file, nothing to compare with, an unknown engine, or the user stopped it
            before anything was compared.
    """
    doing = "reading files"

    def tell(what: str) -> None:
        nonlocal doing
        doing = what
        progress(what)

    found: Found | None = None
    stopped = ""
    with stopped_by(signal.SIGTERM):
        try:
            found = _prepared(options, tell)
            _run(found, options, tell)
            tell("the report")
            result = conclude(found, options)
        except (KeyboardInterrupt, CutShortError) as error:
            if found is None:
                raise UserError(
                    f"Stopped during: {doing}. Nothing was compared yet, and no report is written."
                ) from error
            stopped = f"{doing}{f' ({error})' if str(error) else ''}"
        with undisturbed():
            if stopped:
                result = replace(conclude(found, options), interrupted=stopped)
            if options.to_polygraphy is not None:
                inputs = found.compared.inputs
                options.to_polygraphy.take(found.subject, found.logits(), inputs)
    return result


def _prepared(options: Options, tell: Callable[[str], None]) -> Found:
    """Everything that the engines are judged by."""
    require_images(options)
    names = engine_names(options.engines)
    subject = open_subject(options.file, options.checkpoint)
    elsewhere = matlab_result(subject, options.engines)
    saved = read_outputs(options.from_polygraphy) if options.from_polygraphy else ()
    tell("reading images")
    compared = compared_images(subject, options.images)
    _require_accuracy(options, subject, compared)
    opened = [_opened(name, subject, options.engines is not None) for name in names]
    live = next((o.engine for o in opened if type(o.engine) is PyTorch), None)
    if live is None and subject.run is not None:  # as the truth, whichever engines were asked for
        live = PyTorch(subject)
    tell("layers and weights")
    original = original_of(subject, live.graph() if live else None)
    tell("pytorch in float64")
    truth, reference = truth_of(subject, live, compared.inputs)
    layers = layer_names(subject, original.graph)
    return Found(subject, compared, truth, reference, original, layers, opened, elsewhere, saved)


def _require_accuracy(options: Options, subject: Subject, compared: ComparedImages) -> None:
    """Refuse an --accuracy that nothing is there for."""
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


def _opened(name: str, subject: Subject, required: bool) -> Opened:
    try:
        return Opened(name, ENGINES[name](subject), None)
    except EngineError as error:
        if required:
            raise unusable(name, error) from error
        rejected = not isinstance(error, EngineMissingError)  # the file, which must not pass
        return Opened(name, None, EngineReport(name, name, None, str(error), rejected))


def _run(found: Found, options: Options, doing: Callable[[str], None]) -> None:
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
            one.report = judged_outputs(one.name, outputs.runtime, outputs.logits, truth, options)
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
                outputs.logits[some],
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
    try:
        share.run((), lambda _: None)
    except (BrokeDownError, CutShortError) as error:
        raise UserError(
            f"This process of torchrun scored no share of the images: {error}."
        ) from error
