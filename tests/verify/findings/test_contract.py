"""The line of the input contract."""

from __future__ import annotations

from dataclasses import replace

from cifarx.verify.findings.contract import Contract

SOUND = Contract((), False, "ab" * 32, ("python", "octave 7.3.0"))


def test_runtimes_that_normalise_to_the_same_bits_are_named() -> None:
    line = SOUND.check(60).line()
    assert line.startswith("PASSED | input | ")
    assert "60 images" in line
    assert "python, octave 7.3.0" in line
    assert "abababababab…" in line


def test_an_unknown_normalisation_is_stated() -> None:
    check = replace(SOUND, normalized_by=()).check(4)
    assert check.outcome == "PASSED"
    assert "no file states how pixels are normalised" in check.detail
    assert "4 inputs" in check.detail


def test_faults_fail_and_are_all_named() -> None:
    for known in ((), SOUND.normalized_by):
        check = replace(SOUND, faults=("mean differs", "std differs"), normalized_by=known).check(4)
        assert (check.outcome, check.detail) == ("FAILED", "mean differs; std differs")
