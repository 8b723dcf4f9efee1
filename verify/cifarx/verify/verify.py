"""`cifarx verify`: the ladder of checks, from the files to a verdict.

Rungs 0 (weights), 1 (input contract), 4 (logits) and 5 (decisions) of README.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cifarx.export.bundle import sample_images
from cifarx.pytorch_models.data.images import Images
from cifarx.pytorch_models.errors import UserError, nearest
from cifarx.pytorch_models.preprocess import preprocess
from cifarx.verify.audit import audit, original_of
from cifarx.verify.checks import Check, judged
from cifarx.verify.contract import Contract, check_contract
from cifarx.verify.engines import ENGINES
from cifarx.verify.engines.engine import Engine, EngineError, EngineMissingError, Outputs
from cifarx.verify.engines.pytorch import PyTorch
from cifarx.verify.matlab_result import NAME as MATLAB_RESULT
from cifarx.verify.matlab_result import MatlabResult, read_result, result_path, truth_of_batch
from cifarx.verify.numerics import Truth, judge_logits, make_truth, margins
from cifarx.verify.result import EngineReport, Result
from cifarx.verify.subject import Subject, open_subject

_FLOAT64 = 2.0**-30  # far above float64 rounding in any order of summation, far below float32's


@dataclass(frozen=True)
class Options:
    """What the user may set."""

    file: Path
    engines: tuple[str, ...] | None = None
    """Required ones; None takes those that are there."""
    checkpoint: Path | None = None
    images: int = 256
    accept_predictions: bool = False


def verify(options: Options, progress: Callable[[str], None] = lambda _: None) -> Result:
    """Make every check that the files at hand allow.

    Args:
        options: see `Options`.
        progress: called with what is being done now.

    Raises:
        UserError: a bad file, nothing to compare with, or an unknown engine.
    """
    names = _engine_names(options.engines)
    subject = open_subject(options.file, options.checkpoint)
    progress("reading images")
    images, inputs, origin = _inputs(subject, options.images)
    opened: list[tuple[str, Engine | None, EngineError | None]] = []
    for name in names:
        try:
            opened.append((name, ENGINES[name](subject), None))
        except EngineError as error:
            if options.engines is not None:
                raise _unusable(name, error) from error
            opened.append((name, None, error))
    live = next((e for _, e, _ in opened if isinstance(e, PyTorch)), None)
    if live is None and subject.run is not None:  # as the truth, whichever engines were asked for
        with suppress(EngineError):
            live = PyTorch(subject)
    if live is None and subject.mat is None:
        raise UserError(
            f"{options.file} can only be compared with its run, as there is no "
            f"{subject.mat_path.name} beside it; and that needs PyTorch, which is not installed."
        )
    progress("layers and weights")
    original = original_of(subject, live.graph() if live else None)
    progress("pytorch in float64")
    truth, reference = _truth(subject, live, inputs)
    reports: list[EngineReport] = []
    normalized: dict[str, NDArray[np.float32]] = {}
    for name, engine, problem in opened:
        if engine is None:
            rejected = not isinstance(problem, EngineMissingError)  # the file, which must not pass
            reports.append(EngineReport(name, name, None, str(problem), broke_down=rejected))
            continue
        progress(name)
        try:
            outputs: Outputs = engine.run(images.pixels, inputs)
        except EngineError as error:
            reports.append(EngineReport(name, name, None, str(error), broke_down=True))
            continue
        if outputs.normalized is not None:
            normalized[outputs.runtime] = outputs.normalized
        judgement = judge_logits(outputs.logits, truth)
        reports.append(EngineReport(name, outputs.runtime, judgement, ""))
    contract = check_contract(subject, images, inputs, normalized)
    margin = float(margins(truth.reference).min())
    elsewhere = _elsewhere(subject, options.engines)
    if isinstance(elsewhere, MatlabResult) and subject.mat is not None:
        batch = truth_of_batch(subject.mat, subject.mat_path.name)
        reports.append(elsewhere.report(batch))
        contract = _joined(contract, elsewhere)
        margin = min(margin, float(margins(batch.reference).min()))
    elif isinstance(elsewhere, EngineReport):
        reports.append(elsewhere)
    return Result(
        subject,
        len(inputs),
        origin,
        truth.origin,
        tuple(audit(subject, original)),
        contract,
        reference,
        tuple(reports),
        margin,
        options.accept_predictions,
    )


def _unusable(name: str, error: EngineError) -> UserError:
    return UserError(
        f"--engines asks for {name}, which cannot be used: {error}. Provide it, or "
        "leave --engines out to compare with the engines that are there."
    )


def _elsewhere(subject: Subject, asked: Sequence[str] | None) -> MatlabResult | EngineReport | None:
    """What `cifarx.verify` found on another machine, or why that cannot be used.

    Without --engines it is taken where it lies; with it, where it is named.
    """
    wanted = result_path(subject).exists() if asked is None else MATLAB_RESULT in asked
    if not wanted:
        return None
    try:
        return read_result(subject)
    except EngineMissingError as error:
        if asked is not None:
            raise _unusable(MATLAB_RESULT, error) from error
        return EngineReport(MATLAB_RESULT, MATLAB_RESULT, None, str(error))
    except EngineError as error:
        return EngineReport(MATLAB_RESULT, MATLAB_RESULT, None, str(error), broke_down=True)


def _joined(contract: Contract, result: MatlabResult) -> Contract:
    """The contract with what the result says of how images are normalised there."""
    if result.normalized_alike:
        return contract
    fault = (
        f"{result.runtime} in {result.path.name} normalises the images to other numbers than python"
    )
    return replace(contract, faults=(*contract.faults, fault), meaning_changed=True)


def _engine_names(asked: Sequence[str] | None) -> list[str]:
    allowed = (*ENGINES, MATLAB_RESULT)
    unknown = [name for name in asked or () if name not in allowed]
    if unknown:
        raise UserError(
            f"--engines {unknown[0]!r} is no engine. {nearest(unknown[0], allowed)}"
            f"Allowed: {', '.join(allowed)}, separated by commas."
        )
    return [name for name in ENGINES if asked is None or name in asked]


def _inputs(subject: Subject, count: int) -> tuple[Images, NDArray[np.float32], str]:
    """Images, what a network gets of them, and whose they are.

    They are the run's data where these are there, else model.mat's. Where nobody knows how pixels
    are normalised there are no images, and model.mat's inputs are taken as they are.
    """
    if subject.run is not None:
        try:
            chosen = sample_images(subject.run, max(count, len(subject.run.record.classes)))
            inputs = preprocess(chosen.pixels, *subject.run.mean_std())
            return chosen, inputs, f"test images of {subject.run.record.data.name}"
        except UserError:
            if subject.mat is None:
                raise
    assert subject.mat is not None
    batch, card = subject.mat.batch, subject.mat.card
    images = Images(batch.images[:count], batch.labels[:count])
    if not card.mean:
        return images, batch.inputs[:count], f"inputs of the test batch in {subject.mat_path.name}"
    mean, std = np.asarray(card.mean, np.float32), np.asarray(card.std, np.float32)
    origin = f"images of the test batch in {subject.mat_path.name}"
    return images, preprocess(images.pixels, mean, std), origin


def _truth(
    subject: Subject, live: PyTorch | None, inputs: NDArray[np.float32]
) -> tuple[Truth, Check]:
    """The truth for these inputs, and whether it and model.mat's reference can be trusted."""
    if live is None:
        assert subject.mat is not None
        batch, n = subject.mat.batch, len(inputs)
        if not len(batch.reference):
            raise UserError(
                f"There is nothing to compare {subject.onnx_path.name} with: "
                f"{subject.mat_path.name} was written by MATLAB's cifarx.save, and holds no "
                "outputs of PyTorch. Make a run of it with 'cifarx import', and export that."
            )
        origin = f"{subject.mat_path.name}'s reference"
        truth = make_truth(batch.reference[:n], batch.logits[:n], origin)
        return truth, judged(truth.credible, "reference", _own_error(truth))
    truth = _live_truth(live, inputs)
    if subject.mat is None or subject.run is None:
        return truth, judged(truth.credible, "reference", _own_error(truth))
    batch = subject.mat.batch
    again = truth if np.array_equal(batch.inputs, inputs) else _live_truth(live, batch.inputs)
    alike = batch.reference.shape == again.reference.shape
    error = float(np.abs(batch.reference - again.reference).max(initial=0.0)) if alike else np.inf
    agrees = error <= _FLOAT64 * float(np.abs(again.reference).max(initial=0.0))
    agrees = agrees and judge_logits(batch.logits, again).passed and truth.credible
    return truth, judged(
        agrees,
        "reference",
        f"{subject.mat_path.name}'s outputs for its {len(batch.inputs)} test images "
        f"{'are' if agrees else 'are not'} those of the run {subject.run.folder.name} "
        f"(max difference in float64 {error:.1e}); {_own_error(truth)}",
    )


def _own_error(truth: Truth) -> str:
    return f"PyTorch's float32 is {truth.roundings:.1f} roundings off its float64"


def _live_truth(live: PyTorch, inputs: NDArray[np.float32]) -> Truth:
    own = live.run(np.empty(0, np.uint8), inputs)
    return make_truth(live.truth(inputs), own.logits, own.runtime)
