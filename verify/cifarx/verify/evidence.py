"""Keep the findings of a check so far, in frozen records; each step makes a new one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cifarx.verify.engines.engine import Engine
from cifarx.verify.exchange.matlab_result import MatlabResult
from cifarx.verify.exchange.polygraphy_files import RunnerOutputs
from cifarx.verify.findings.check import Check
from cifarx.verify.findings.engine import EngineReport
from cifarx.verify.ladder.accuracy.predictions import Predictions
from cifarx.verify.ladder.layers.judge_engine import LayerReference
from cifarx.verify.ladder.logits import Truth
from cifarx.verify.subject.files_and_run import Subject
from cifarx.verify.subject.images import ComparedImages


@dataclass(frozen=True)
class OpenedEngine:
    """An engine that was requested or is available."""

    name: str
    engine: Engine | None
    problem: EngineReport | None
    """Why it cannot be used, if `engine` is None."""


@dataclass(frozen=True)
class Prepared:
    """Everything that the engines run on and are judged against."""

    subject: Subject
    compared: ComparedImages
    truth: Truth
    reference: Check
    """Whether the truth can be trusted."""
    layers: LayerReference
    engines: tuple[OpenedEngine, ...]
    elsewhere: MatlabResult | EngineReport | None
    """What `cifarx.verify` found on another machine, or why that cannot be used; None without."""
    saved: tuple[RunnerOutputs, ...]
    """Outputs read from a Polygraphy file."""


@dataclass(frozen=True)
class EngineRun:
    """One engine that ran on the compared images."""

    name: str
    report: EngineReport
    outputs: tuple[NDArray[np.float32], ...] | None
    """(N, ...) per output; None if it broke down or gave another shape."""
    normalized: tuple[str, NDArray[np.float32]] | None = None
    """(runtime, (N, C, H, W)): the images as it normalised them itself, if it does."""


@dataclass(frozen=True)
class Evidence:
    """The findings of the engines that have run so far."""

    prepared: Prepared
    runs: tuple[EngineRun, ...] = ()
    scored: Predictions | None = None
    """Of the images scored for rung 6; None if none were."""

    def with_run(self, run: EngineRun) -> Evidence:
        """Return the evidence with one more run, which replaces an earlier one of its engine."""
        names = [known.name for known in self.runs]
        if run.name not in names:
            return replace(self, runs=(*self.runs, run))
        at = names.index(run.name)
        return replace(self, runs=(*self.runs[:at], run, *self.runs[at + 1 :]))

    def outputs(self) -> dict[str, tuple[NDArray[np.float32], ...]]:
        """Return every output (N, ...) for the compared images, by engine."""
        return {run.name: run.outputs for run in self.runs if run.outputs is not None}

    def normalized(self) -> dict[str, NDArray[np.float32]]:
        """Return the normalised images (N, C, H, W), by runtime, of those that normalise."""
        return dict(run.normalized for run in self.runs if run.normalized is not None)

    def reports(self) -> Iterator[EngineReport]:
        """Yield one report per engine, in order; an engine that has not run says so."""
        ran = {run.name: run.report for run in self.runs}
        for one in self.prepared.engines:
            not_run = EngineReport(one.name, one.name, None, "not run: the check was stopped")
            yield ran.get(one.name) or one.problem or not_run
