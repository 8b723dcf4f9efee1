"""Which differences from PyTorch's predictions fail."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import pytest
import results

from cifarx.verify.findings.accuracy import NO_CLASS, ChangedPrediction, RuntimeAccuracy

SOUND = results.accuracy().runtimes[1]  # margins up to 1e-4 are ties


def changed(margin: float, predicted: int = 2) -> RuntimeAccuracy:
    return replace(SOUND, changed=(ChangedPrediction(4, 1, predicted, 1, margin),))


def test_equal_predictions_pass() -> None:
    line = SOUND.check(60, "test images of shapes", "pytorch").line()
    assert line.startswith("PASSED | accuracy | onnxruntime 100.00% (93.98 to 100.00) of 60 test")
    assert "McNemar p 1.00" in line


@pytest.mark.parametrize(
    ("runtime", "explained"),
    [
        (changed(1e-4), True),
        (changed(1.1e-4), False),
        (changed(nan), False),
        (changed(1e-4, NO_CLASS), False),
    ],
)
def test_a_changed_prediction_passes_only_as_a_tie(
    runtime: RuntimeAccuracy, explained: bool
) -> None:
    assert runtime.passed is explained
    detail = runtime.check(60, "images", "pytorch").detail
    assert "differ from PyTorch's: 1" in detail
    assert ("ties within float32 rounding" in detail) == explained
    report = replace(results.accuracy(), runtimes=(runtime,))
    assert (report.passed, report.unchanged) == (explained, explained)


@pytest.mark.parametrize(("apart", "passed"), [(5e-5, True), (5.1e-5, False), (inf, False)])
def test_logits_far_from_pytorchs_fail_without_a_change(apart: float, passed: bool) -> None:
    runtime = replace(SOUND, apart=apart)
    assert runtime.passed is passed
    assert ("allowed: 5.0e-05" in runtime.check(60, "images", "pytorch").detail) != passed
    assert replace(results.accuracy(), runtimes=(runtime,)).unchanged


def test_logits_that_are_not_finite_fail() -> None:
    runtime = replace(SOUND, not_finite=2)
    assert not runtime.passed
    assert "logits of 2 images are not finite" in runtime.check(60, "images", "pytorch").detail


def test_no_image_is_no_pass() -> None:
    report = replace(results.accuracy(), images=0)
    assert not report.passed
    assert {check.outcome for check in report.checks()} == {"FAILED"}
