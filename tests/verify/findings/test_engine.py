"""When an engine passes, and what its line says."""

from __future__ import annotations

from dataclasses import replace

import pytest
import results

from cifarx.verify.findings.engine import EngineReport
from cifarx.verify.findings.logits import Tolerance

SOUND = results.sound().engines[1]
JUDGEMENT = results.judgement()
LAYERS = results.names("conv1", "relu1", "fc")


def test_a_sound_engine_names_its_worst_layer() -> None:
    check = SOUND.check()
    assert check.outcome == "PASSED"
    assert "worst layer fc: 0.25 of bound" in check.detail


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (replace(SOUND, layers=results.findings(LAYERS, 0, 1.5, 0)), "relu1 (ReLULayer, module"),
        (replace(SOUND, layers=SOUND.layers[:2]), "1 of 3 layers not compared"),
        (replace(SOUND, layers=()), "no layer compared"),
        (replace(SOUND, marked=replace(JUDGEMENT, ratio=12.0)), "RMS 12.0x float32"),
        (replace(SOUND, marked_apart=4.1e-5), "differ by up to 4.1e-05"),
        (replace(SOUND, judgement=replace(JUDGEMENT, finite=False)), "not finite numbers"),
        (replace(SOUND, judgement=replace(JUDGEMENT, ratio=10.5)), "RMS 10.5x float32"),
    ],
)
def test_every_fault_fails_and_is_in_the_line(report: EngineReport, words: str) -> None:
    assert not report.passed
    check = report.check()
    assert check.outcome == "FAILED"
    assert words in check.detail


def test_runs_with_and_without_marks_may_differ_by_both_errors() -> None:
    assert replace(SOUND, marked_apart=3.9e-5).passed  # each is allowed 2e-5


def test_an_engine_that_did_not_run_is_skipped_and_one_that_failed_fails() -> None:
    missing = EngineReport("octave", "octave", None, "it is not installed")
    assert missing.check().line() == "SKIPPED | octave | it is not installed"
    assert replace(missing, broke_down=True).check().outcome == "FAILED"
    assert not missing.passed


def test_a_wider_class_of_bound_is_named() -> None:
    first = replace(SOUND.layers[0], algorithm="winograd")
    report = replace(SOUND, layers=(first, *SOUND.layers[1:]))
    assert report.passed
    assert "1 layer by winograd" in report.check().detail


def test_a_tolerance_passes_only_if_all_images_are_within() -> None:
    assert SOUND.tolerance_check() is None
    for within, images, outcome in ((60, 60, "PASSED"), (59, 60, "FAILED"), (0, 0, "FAILED")):
        check = replace(SOUND, tolerance=Tolerance(1e-5, 0.0, within, images)).tolerance_check()
        assert check is not None
        assert check.outcome == outcome
        assert f"{within}/{images} images within atol 1e-05" in check.detail
