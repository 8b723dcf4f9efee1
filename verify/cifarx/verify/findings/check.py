"""The outcome of one check, printed as one line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cifarx.verify.findings.printable import printable


class Outcome(StrEnum):
    """The outcome of a check."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True)
class Check:
    """A finding, printed as `OUTCOME | name | detail`.

    >>> judged(True, "layers", "model.onnx 31/31 layers as in the run").line()
    'PASSED | layers | model.onnx 31/31 layers as in the run'
    """

    outcome: Outcome
    name: str
    detail: str

    def line(self) -> str:
        """Return one line that can be searched with grep."""
        # printable: a name from a file must not add a line of its own
        return printable(f"{self.outcome} | {self.name} | {self.detail}")


def judged(passed: bool, name: str, detail: str) -> Check:
    """Return a check that was made, passed or failed."""
    return Check(Outcome.PASSED if passed else Outcome.FAILED, name, detail)
