"""One check, one line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cifarx.verify.findings.printable import printable


class Outcome(StrEnum):
    """What became of a check."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True)
class Check:
    """A finding, printed as `OUTCOME | name | detail`."""

    outcome: Outcome
    name: str
    detail: str

    def line(self) -> str:
        """One line that can be grepped."""
        # printable: a name in a file must not make a line of its own
        return printable(f"{self.outcome} | {self.name} | {self.detail}")


def judged(passed: bool, name: str, detail: str) -> Check:
    """A check that was made."""
    return Check(Outcome.PASSED if passed else Outcome.FAILED, name, detail)
