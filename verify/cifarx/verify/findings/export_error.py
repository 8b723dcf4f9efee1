"""Rung 2: the error that the export of one file caused, apart from any runtime."""

from __future__ import annotations

from dataclasses import dataclass

from cifarx.verify.findings.check import Check, judged
from cifarx.verify.findings.numbers import Number

LIMIT = 2.0**-30
"""Largest relative error: well above float64 rounding, well below float32 rounding."""


@dataclass(frozen=True)
class ExportError:
    """The error of one file, computed in float64, against the original."""

    file: str
    images: int
    relative: Number
    """RMS of the difference over RMS of the original's output (dimensionless), of the output for
    which that is largest."""
    against: str
    """Name of the original."""
    output: str = ""
    """Name of that output; '' if there is only one, or none could be computed."""

    @property
    def passed(self) -> bool:
        return self.images > 0 and self.relative <= LIMIT

    def check(self) -> Check:
        """Return the `export` line of this file."""
        where = f" in {self.output}" if self.output else ""
        allowed = "" if self.passed else f" (allowed: {LIMIT:.1e})"
        return judged(
            self.passed,
            "export",
            f"{self.file} in float64 on {self.images} images: relative error {self.relative:.1e}"
            f"{where} against {self.against}{allowed}",
        )
