"""What the checks found, and the verdict that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from cifarx.verify.audit import Audit
from cifarx.verify.checks import Check, Outcome, judged
from cifarx.verify.contract import Contract
from cifarx.verify.numerics import Judgement
from cifarx.verify.subject import Subject


class Verdict(StrEnum):
    """What the checks amount to."""

    EQUIVALENT = "EQUIVALENT"
    SAME_PREDICTIONS = "SAME PREDICTIONS"
    DIFFERENT = "DIFFERENT"


@dataclass(frozen=True)
class WorstLayer:
    """The layer nearest to what rounding may make of its output, or farthest beyond it."""

    matlab_layer: str
    kind: str
    module: str
    """Its path in PyTorch, or ''."""
    ratio: float
    """Largest error over its bound."""

    def words(self) -> str:
        module = f", module '{self.module}'" if self.module else ""
        known = "" if self.ratio <= 1 else f" ({self.kind}{module})"
        return f"worst layer {self.matlab_layer}{known}: {self.ratio:.2g} of bound"


@dataclass(frozen=True)
class EngineReport:
    """One runtime's part of the result."""

    engine: str
    runtime: str
    judgement: Judgement | None
    """None where the runtime was skipped or broke down."""
    problem: str
    """Why, in that case."""
    broke_down: bool = False
    """Whether it was there, but failed; then the check as a whole was not made."""
    worst_layer: WorstLayer | None = None
    """Where its layers were judged, each on its own input."""

    @property
    def passed(self) -> bool:
        """Whether its logits, and its layers where they were judged, are right."""
        layers = self.worst_layer is None or self.worst_layer.ratio <= 1
        return self.judgement is not None and self.judgement.passed and layers

    def check(self) -> Check:
        if self.judgement is None:
            outcome = Outcome.FAILED if self.broke_down else Outcome.SKIPPED
            return Check(outcome, self.engine, self.problem)
        layers = [self.worst_layer.words()] if self.worst_layer else []
        detail = self.judgement.detail(*layers) if self.judgement.finite else _NOTHING
        return judged(self.passed, self.runtime, detail)


_NOTHING = "its logits are not finite numbers of the expected shape"


@dataclass(frozen=True)
class Result:
    """Everything that was found out."""

    subject: Subject
    images: int
    images_origin: str
    truth_origin: str
    audits: tuple[Audit, ...]
    contract: Contract
    reference: Check
    """Whether the reference outputs can be trusted, and model.mat's are those of the run."""
    engines: tuple[EngineReport, ...]
    margin: float
    """Smallest margin of a prediction over the images."""
    accept_predictions: bool

    def judgements(self) -> list[Judgement]:
        return [e.judgement for e in self.engines if e.judgement is not None]

    def compared(self) -> tuple[str, ...]:
        """The engines beside PyTorch that gave logits."""
        return tuple(
            e.engine for e in self.engines if e.engine != "pytorch" and e.judgement is not None
        )

    @property
    def complete(self) -> bool:
        """Whether the check was made: something was compared, and no engine broke down."""
        return bool(self.compared()) and not any(e.broke_down for e in self.engines)

    @property
    def verdict(self) -> Verdict | None:
        """None where the check could not be made."""
        if not self.complete:
            return None
        numbers = all(e.passed for e in self.engines if e.judgement is not None)
        reference = self.reference.outcome is Outcome.PASSED
        identity = not self.contract.faults and all(a.passed for a in self.audits)
        if numbers and reference and identity:
            return Verdict.EQUIVALENT
        if not self.contract.meaning_changed and all(
            j.finite and not j.changed for j in self.judgements()
        ):
            return Verdict.SAME_PREDICTIONS
        return Verdict.DIFFERENT

    @property
    def exit_code(self) -> int:
        """0 passed, 1 not, 2 the check could not be made."""
        if self.verdict is None:
            return 2
        accepted = {Verdict.EQUIVALENT}
        if self.accept_predictions:
            accepted.add(Verdict.SAME_PREDICTIONS)
        return 0 if self.verdict in accepted else 1

    def checks(self) -> list[Check]:
        """Every check in the order of the ladder."""
        return [
            *(check for a in self.audits for check in a.checks()),
            self.contract.check(self.images),
            self.reference,
            *(e.check() for e in self.engines),
            *([self._decisions()] if self.judgements() else []),
        ]

    def _decisions(self) -> Check:
        changed = [(e.runtime, c) for e in self.engines if e.judgement for c in e.judgement.changed]
        largest = max(j.largest for j in self.judgements())
        lawful = all(j.passed for j in self.judgements())
        finite = all(j.finite for j in self.judgements())
        if not finite:
            detail = "an engine's logits decide nothing"
        elif changed:
            runtime, change = max(changed, key=lambda entry: entry[1].margin)
            truth, predicted = (self.classes()[k] for k in (change.truth, change.predicted))
            detail = (
                f"{len(changed)} changed{', ties to within float32 rounding' if lawful else ''}; "
                f"the surest: image {change.image} is {truth!r} by a margin of "
                f"{change.margin:.1e}, {runtime} says {predicted!r}"
            )
        elif 2 * largest < self.margin:
            times = self.margin / largest if largest else np.inf
            detail = (
                "no prediction on these images can change: the smallest margin, "
                f"{self.margin:.1e}, is {times:.0f}x the largest error"
            )
        else:
            detail = f"none changed; the smallest margin is {self.margin:.1e}"
        return judged(finite and (lawful or not changed), "decisions", detail)

    def classes(self) -> tuple[str, ...]:
        """Class names, the run's before the files'."""
        if self.subject.run is not None:
            return self.subject.run.record.classes
        assert self.subject.mat is not None
        return self.subject.mat.card.classes

    def closing_line(self) -> str:
        """The verdict and what it rests on."""
        if self.verdict is None:
            return f"NOT VERIFIED | compared {len(self.compared())} engines"
        others = [e for e in self.engines if e.engine != "pytorch"]
        return (
            f"{self.verdict} | compared {len(self.compared())} of {len(others)} engines "
            f"({', '.join(self.compared())}) with {self.truth_origin} "
            f"on {self.images} {self.images_origin}"
        )
