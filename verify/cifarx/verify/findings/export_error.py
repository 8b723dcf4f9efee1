"""Rung 2: what the export changed in one file."""

from __future__ import annotations

from dataclasses import dataclass

from cifarx.verify.findings.check import Check, judged
from cifarx.verify.findings.numbers import Number

LIMIT = 2.0**-30
"""Of the logits' RMS: far above float64 rounding in any order of summation, far below float32's."""


@dataclass(frozen=True)
class ExportError:
    """One file in float64 against the original."""

    file: str
    images: int
    relative: Number
    """RMS of the difference over RMS of the original's logits."""
    against: str
    """What the original is."""

    @property
    def passed(self) -> bool:
        return self.images > 0 and self.relative <= LIMIT

    def check(self) -> Check:
        """Its line."""
        return judged(
            self.passed,
            "export",
            f"{self.file} in float64 on {self.images} images: {self.relative:.1e} of the logits "
            f"off {self.against}{'' if self.passed else f', more than {LIMIT:.1e}'}",
        )
