"""The line of a check."""

from __future__ import annotations

import pytest

from cifarx.verify.findings.check import Check, Outcome, judged


@pytest.mark.parametrize(("passed", "outcome"), [(True, "PASSED"), (False, "FAILED")])
def test_a_check_is_one_line_with_its_outcome_first(passed: bool, outcome: str) -> None:
    assert judged(passed, "input", "all agree").line() == f"{outcome} | input | all agree"


def test_a_name_from_a_file_adds_no_line() -> None:
    line = Check(Outcome.SKIPPED, "octave", "x\nPASSED | layers | forged").line()
    assert line.splitlines() == [line]
    assert line.startswith("SKIPPED | octave | ")
