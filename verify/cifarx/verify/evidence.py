"""What a check has found so far."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cifarx.verify.engines.engine import Engine
from cifarx.verify.exchange.matlab_result import MatlabResult
from cifarx.verify.exchange.polygraphy_files import RunnerOutputs
from cifarx.verify.findings.check import Check
from cifarx.verify.findings.divergence import Names
from cifarx.verify.findings.engine import EngineReport
from cifarx.verify.ladder.accuracy.sweep import Sweep
from cifarx.verify.ladder.logits import Truth
from cifarx.verify.subject.files_and_run import Subject
from cifarx.verify.subject.images import ComparedImages
from cifarx.verify.subject.original import Original


@dataclass
class Opened:
    """An engine on its way through the ladder."""

    name: str
    engine: Engine | None
    report: EngineReport | None
    logits: NDArray[np.float32] | None = None


@dataclass
class Found:
    """What is known so far, so that an interrupted check has a report too."""

    subject: Subject
    compared: ComparedImages
    truth: Truth
    reference: Check
    original: Original
    names: tuple[Names, ...]
    """Of the original's layers."""
    opened: list[Opened]
    elsewhere: MatlabResult | EngineReport | None
    saved: tuple[RunnerOutputs, ...]
    """By Polygraphy."""
    normalized: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    sweep: Sweep | None = None

    def logits(self) -> dict[str, NDArray[np.float32]]:
        """(N, K) of the compared images by engine."""
        return {one.name: one.logits for one in self.opened if one.logits is not None}
