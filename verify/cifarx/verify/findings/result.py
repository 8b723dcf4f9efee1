"""What the checks found, and the verdict that follows from it.

A `Result` is plain data: `report` writes it as JSON and reads it again, so that a saved report can
be judged like one just made.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Annotated

from pydantic import Field

from cifarx.verify.findings.accuracy import NO_CLASS, AccuracyReport
from cifarx.verify.findings.audit import Audit
from cifarx.verify.findings.check import Check, Outcome, judged
from cifarx.verify.findings.contract import Contract
from cifarx.verify.findings.divergence import Divergence, Names, first_divergence
from cifarx.verify.findings.engine import POLYGRAPHY, EngineReport
from cifarx.verify.findings.environment import Environment
from cifarx.verify.findings.export_error import ExportError
from cifarx.verify.findings.logits import Judgement
from cifarx.verify.findings.numbers import Number
from cifarx.verify.findings.picture import Picture
from cifarx.verify.findings.printable import printable


class Verdict(StrEnum):
    """What the checks amount to."""

    EQUIVALENT = "EQUIVALENT"
    SAME_PREDICTIONS = "SAME PREDICTIONS"
    DIFFERENT = "DIFFERENT"


@dataclass(frozen=True)
class Compared:
    """The images of rungs 2 to 5."""

    count: int
    origin: str


@dataclass(frozen=True)
class Result:
    """Everything that was found out."""

    images: Compared
    truth: str
    """What the reference is from."""
    audits: Annotated[tuple[Audit, ...], Field(alias="weights")]
    contract: Annotated[Contract, Field(alias="input")]
    reference: Check
    """Whether the reference outputs can be trusted, and model.mat's are those of the run."""
    export: tuple[ExportError, ...]
    engines: tuple[EngineReport, ...]
    margin: Annotated[Number, Field(alias="smallest_margin")]
    """Smallest margin of a prediction over the images."""
    accuracy: AccuracyReport | None
    classes: tuple[str, ...]
    layers: tuple[Names, ...]
    """The original network, in order."""
    pictures: tuple[Picture, ...]
    environment: Environment
    accept_predictions: bool = False
    interrupted: str = ""
    """What was being done when the user stopped it; '' if nobody did."""

    def judgements(self) -> list[Judgement]:
        """Of all engines that gave logits, those of runs with outputs marked among them."""
        both = ((e.judgement, e.marked) for e in self.engines)
        return [j for pair in both for j in pair if j is not None]

    def compared(self) -> tuple[str, ...]:
        """The engines beside PyTorch that gave logits."""
        return tuple(e.engine for e in self.others() if e.judgement is not None)

    def others(self) -> list[EngineReport]:
        """The engines beside PyTorch, whatever became of them.

        Outputs in a file of Polygraphy's are judged, but that some runtime computed them from these
        files nothing shows: they are no engine that the check could rest on.
        """
        return [e for e in self.engines if not e.engine.startswith(("pytorch", POLYGRAPHY))]

    def from_files(self) -> list[str]:
        """Names of what Polygraphy's files hold."""
        return [e.engine for e in self.engines if e.engine.startswith(POLYGRAPHY)]

    @property
    def complete(self) -> bool:
        """Whether the check was made: something was compared, and no engine broke down."""
        broken = any(e.broke_down for e in self.engines)
        made = self.compared() and self.images.count > 0 and self.audits and self.export
        return bool(made) and not broken and not self.interrupted

    @property
    def verdict(self) -> Verdict | None:
        """None where the check could not be made."""
        if not self.complete:
            return None
        numbers = all(e.passed for e in self.engines if e.judgement is not None)
        reference = self.reference.outcome is Outcome.PASSED
        identity = not self.contract.faults and all(a.passed for a in self.audits)
        exported = all(e.passed for e in self.export)
        scored = self.accuracy is None or self.accuracy.passed
        if numbers and reference and identity and exported and scored and self._layered():
            return Verdict.EQUIVALENT
        unchanged = self.accuracy is None or self.accuracy.unchanged
        unchanged = unchanged and all(j.finite and not j.turned for j in self.judgements())
        if unchanged and self._predicts and not self.contract.meaning_changed:
            return Verdict.SAME_PREDICTIONS
        return Verdict.DIFFERENT

    @property
    def _predicts(self) -> bool:
        """Whether the network predicts classes at all: one output leaves nothing to decide."""
        return len(self.classes) > 1

    def _layered(self) -> bool:
        """Whether every layer of every engine that computes layers was judged."""
        names = [name.layer for name in self.layers]
        return bool(names) and all(
            [found.layer for found in engine.layers] == names
            for engine in self.engines
            if engine.judgement is not None and engine.engine not in self.from_files()
        )

    @property
    def exit_code(self) -> int:
        """0 passed, 1 not, 2 the check could not be made."""
        if self.verdict is None:
            return 2
        accepted = {Verdict.EQUIVALENT}
        if self.accept_predictions:
            accepted.add(Verdict.SAME_PREDICTIONS)
        return 0 if self.verdict in accepted else 1

    @property
    def first_divergence(self) -> Divergence | None:
        """The first layer, in the network's order, that is not the original's."""
        return first_divergence(self.layers, self.audits, self.engines)

    def class_name(self, index: int) -> str:
        """Of a class; a saved report may speak of one that it does not name."""
        if index == NO_CLASS:
            return "no class"
        return self.classes[index] if 0 <= index < len(self.classes) else f"class {index}"

    def checks(self) -> list[Check]:
        """Every check in the order of the ladder."""
        return [check for _, check in self.titled_checks()]

    def titled_checks(self) -> list[tuple[str, Check]]:
        """Every check with a title of its own, which no version is part of."""
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
        if self.accuracy is None:
            missing = "no labelled images are at hand, or no engine gave outputs"
            return [("accuracy", Check(Outcome.SKIPPED, "accuracy", missing))]
        runtimes = zip(self.accuracy.runtimes, self.accuracy.checks(), strict=True)
        return [(f"accuracy: {runtime.engine}", check) for runtime, check in runtimes]

    def _decisions(self) -> Check:
        changed = [(e.runtime, c) for e in self.engines if e.judgement for c in e.judgement.changed]
        largest = max(j.largest for j in self.judgements())
        lawful = all(j.passed for j in self.judgements())
        finite = all(j.finite for j in self.judgements())
        if not finite:
            detail = "an engine's logits decide nothing"
        elif not self._predicts:
            detail = f"none to make: the network has one output; the largest error is {largest:.1e}"
        elif changed:
            runtime, change = max(changed, key=lambda entry: entry[1].margin)
            truth, predicted = (self.class_name(k) for k in (change.truth, change.predicted))
            detail = (
                f"{len(changed)} changed{', ties to within float32 rounding' if lawful else ''}; "
                f"the surest: image {change.of_data} is {truth!r} by a margin of "
                f"{change.margin:.1e}, {runtime} says {predicted!r}"
            )
        elif 2 * largest < self.margin:
            times = self.margin / largest if largest else inf
            detail = (
                "no prediction on these images can change: the smallest margin, "
                f"{self.margin:.1e}, is {times:.0f}x the largest error"
            )
        else:
            detail = f"none changed; the smallest margin is {self.margin:.1e}"
        return judged(finite and (lawful or not changed), "decisions", detail)

    def closing_line(self) -> str:
        """The verdict and what it rests on."""
        more = self.from_files()
        saved = f", and outputs in files ({', '.join(more)})" if more else ""
        if self.verdict is None:
            stopped = f"; stopped during: {self.interrupted}" if self.interrupted else ""
            return printable(
                f"NOT VERIFIED | compared {len(self.compared())} engines{saved}{stopped}"
            )
        return printable(
            f"{self.verdict} | compared {len(self.compared())} of {len(self.others())} engines "
            f"({', '.join(self.compared())}){saved} with {self.truth} "
            f"on {self.images.count} {self.images.origin}"
        )
