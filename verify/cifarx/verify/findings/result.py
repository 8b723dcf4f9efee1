"""The findings of all checks, and the verdict that follows from them.

A `Result` is plain data. `report` writes it as JSON and reads it again, so that a saved report can
be judged like a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from cifarx.verify.findings.accuracy import NO_CLASS, AccuracyReport
from cifarx.verify.findings.audit import Audit
from cifarx.verify.findings.check import Check, Outcome
from cifarx.verify.findings.contract import Contract
from cifarx.verify.findings.decisions import image_decisions, no_decisions, pixel_decisions
from cifarx.verify.findings.divergence import Divergence, Names, first_divergence
from cifarx.verify.findings.engine import POLYGRAPHY, EngineReport
from cifarx.verify.findings.environment import Environment
from cifarx.verify.findings.export_error import ExportError
from cifarx.verify.findings.logits import CLASSIFICATION, REGRESSION, SEGMENTATION, Judgement
from cifarx.verify.findings.numbers import Number
from cifarx.verify.findings.picture import MapRow, Picture, SignalRow
from cifarx.verify.findings.pixel_accuracy import PixelAccuracyReport
from cifarx.verify.findings.printable import printable


class Verdict(StrEnum):
    """The verdict of a complete check."""

    EQUIVALENT = "EQUIVALENT"
    SAME_PREDICTIONS = "SAME PREDICTIONS"
    DIFFERENT = "DIFFERENT"


@dataclass(frozen=True)
class Compared:
    """The images of rungs 2 to 5."""

    count: int
    origin: str
    """What they are, such as 'test images of shapes'."""


@dataclass(frozen=True)
class Result:
    """The findings of all checks."""

    images: Compared
    truth: str
    """Origin of the reference logits."""
    audits: Annotated[tuple[Audit, ...], Field(alias="weights")]
    contract: Annotated[Contract, Field(alias="input")]
    reference: Check
    """Whether the reference is credible, and the outputs in model.mat are those of the run."""
    export: tuple[ExportError, ...]
    engines: tuple[EngineReport, ...]
    margin: Annotated[Number, Field(alias="smallest_margin")]
    """Smallest margin of a prediction over all images."""
    accuracy: AccuracyReport | None
    classes: tuple[str, ...]
    layers: tuple[Names, ...]
    """The layers of the original network, in order."""
    pictures: tuple[Picture, ...]
    environment: Environment
    accept_predictions: bool = False
    interrupted: str = ""
    """The stage at which the check was stopped, or ''."""
    task: str = CLASSIFICATION
    pixel_accuracy: PixelAccuracyReport | None = None
    """Of a segmentation, in place of `accuracy`."""
    maps: tuple[MapRow, ...] = ()
    """Pictures of maps that the network gives, of the inputs with the largest errors."""
    signals: tuple[SignalRow, ...] = ()
    """Charts of signals that it gives, likewise."""

    def judgements(self) -> list[Judgement]:
        """Return the judgements of all outputs, including those of runs with layers marked."""
        both = ((e.judgement, e.marked) for e in self.engines)
        return [one for pair in both for j in pair if j is not None for one in j.every]

    def compared_engines(self) -> tuple[str, ...]:
        """Return the names of the engines other than PyTorch that gave outputs."""
        return tuple(e.engine for e in self.other_engines() if e.judgement is not None)

    def other_engines(self) -> list[EngineReport]:
        """Return the engines other than PyTorch, including those that were skipped or failed.

        Outputs from a Polygraphy file are judged, but do not count as an engine: nothing shows
        that a runtime computed them from these files.
        """
        return [e for e in self.engines if not e.engine.startswith(("pytorch", POLYGRAPHY))]

    def polygraphy_outputs(self) -> list[str]:
        """Return the names of the outputs from Polygraphy files."""
        return [e.engine for e in self.engines if e.engine.startswith(POLYGRAPHY)]

    @property
    def complete(self) -> bool:
        """Whether the check was made: an engine was compared, none failed, nothing stopped it."""
        broken = any(e.broke_down for e in self.engines)
        made = self.compared_engines() and self.images.count > 0 and self.audits and self.export
        return bool(made) and not broken and not self.interrupted

    @property
    def verdict(self) -> Verdict | None:
        """The verdict; None if the check could not be made."""
        if not self.complete:
            return None
        numbers = all(e.passed for e in self.engines if e.judgement is not None)
        reference = self.reference.outcome is Outcome.PASSED
        identity = not self.contract.faults and all(a.passed for a in self.audits)
        exported = all(e.passed for e in self.export)
        scores = [score for score in (self.accuracy, self.pixel_accuracy) if score is not None]
        scored = all(score.passed for score in scores)
        if numbers and reference and identity and exported and scored and self._layered():
            return Verdict.EQUIVALENT
        unchanged = self.accuracy is None or self.accuracy.unchanged
        unchanged = unchanged and (self.pixel_accuracy is None or self.pixel_accuracy.passed)
        unchanged = unchanged and all(j.finite and j.keeps_decisions for j in self.judgements())
        if unchanged and self._predicts and not self.contract.meaning_changed:
            return Verdict.SAME_PREDICTIONS
        return Verdict.DIFFERENT

    @property
    def _predicts(self) -> bool:
        """Whether the network predicts classes, which takes more than one."""
        return self.task != REGRESSION and len(self.classes) > 1

    def _layered(self) -> bool:
        """Return whether every layer of every engine was judged."""
        names = [name.layer for name in self.layers]
        return bool(names) and all(
            [finding.layer for finding in engine.layers] == names
            for engine in self.engines
            if engine.judgement is not None and engine.engine not in self.polygraphy_outputs()
        )

    @property
    def exit_code(self) -> int:
        """0 if the check passed, 1 if not, 2 if it could not be made."""
        if self.verdict is None:
            return 2
        accepted = {Verdict.EQUIVALENT}
        if self.accept_predictions:
            accepted.add(Verdict.SAME_PREDICTIONS)
        return 0 if self.verdict in accepted else 1

    @property
    def first_divergence(self) -> Divergence | None:
        """The first layer, in the order of the network, that differs from the original."""
        return first_divergence(self.layers, self.audits, self.engines)

    def class_name(self, index: int) -> str:
        """Return the name of a class; a saved report may use an index that it does not name."""
        if index == NO_CLASS:
            return "no class"
        return self.classes[index] if 0 <= index < len(self.classes) else f"class {index}"

    def checks(self) -> list[Check]:
        """Return every check in the order of the ladder."""
        return [check for _, check in self.titled_checks()]

    def titled_checks(self) -> list[tuple[str, Check]]:
        """Return every check with a unique title that contains no version."""
        divergence = self.first_divergence
        return [
            *((f"{check.name}: {a.file}", check) for a in self.audits for check in a.checks()),
            ("input", self.contract.check(self.images.count)),
            ("reference", self.reference),
            *((f"export: {e.file}", e.check()) for e in self.export),
            *((f"engine: {e.engine}", e.check()) for e in self.engines),
            *(
                (f"tolerance: {e.engine}", check)
                for e in self.engines
                if (check := e.tolerance_check())
            ),
            *([("first divergence", divergence.check())] if divergence else []),
            *([("decisions", self._decisions())] if self.judgements() else []),
            *self._accuracy_checks(),
        ]

    def _accuracy_checks(self) -> list[tuple[str, Check]]:
        if self.pixel_accuracy is not None:
            return self.pixel_accuracy.titled_checks()
        if self.accuracy is None and self.task == REGRESSION:
            return [("accuracy", Check(Outcome.SKIPPED, "accuracy", "a regression has no classes"))]
        if self.accuracy is None:
            missing = "no labelled images are available, or no engine gave outputs"
            return [("accuracy", Check(Outcome.SKIPPED, "accuracy", missing))]
        runtimes = zip(self.accuracy.runtimes, self.accuracy.checks(), strict=True)
        return [(f"accuracy: {runtime.engine}", check) for runtime, check in runtimes]

    def _decisions(self) -> Check:
        outputs = self.judgements()
        if self.task == REGRESSION:
            return no_decisions(outputs)
        if self.task == SEGMENTATION:
            return pixel_decisions(self.engines, outputs, self.margin, self.class_name)
        return image_decisions(
            self.engines, outputs, self.margin, self.class_name, several=self._predicts
        )

    def closing_line(self) -> str:
        """Return the last line: the verdict, and the engines and images that it is based on."""
        saved = self.polygraphy_outputs()
        more = f", and outputs in files ({', '.join(saved)})" if saved else ""
        compared = self.compared_engines()
        if self.verdict is None:
            stopped = f"; stopped during: {self.interrupted}" if self.interrupted else ""
            return printable(f"NOT VERIFIED | compared {_engines(len(compared))}{more}{stopped}")
        return printable(
            f"{self.verdict} | compared {len(compared)} of {_engines(len(self.other_engines()))} "
            f"({', '.join(compared)}){more} with {self.truth} "
            f"on {self.images.count} {self.images.origin}"
        )


def _engines(count: int) -> str:
    return f"{count} engine{'' if count == 1 else 's'}"
