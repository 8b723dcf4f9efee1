from __future__ import annotations

import numpy as np
import pytest

from cifarx.verify.findings.logits import Judgement
from cifarx.verify.ladder.logits import Truth, judge_outputs, make_truth
from cifarx.verify.ladder.truth_of_output import UNIT, margins

REFERENCE = np.array([[1.0, 3.0, 2.0], [4.0, 0.0, 3.5]])


def truth_of(reference: np.ndarray, own: np.ndarray) -> Truth:
    return make_truth([reference], [own.astype(np.float32)], "test")


def truth_with_error(error: float) -> Truth:
    return truth_of(REFERENCE, REFERENCE + error)


def judge(logits: np.ndarray, truth: Truth) -> Judgement:
    return judge_outputs([logits.astype(np.float32)], truth)


def test_the_ratio_is_the_rms_error_over_pytorchs_own() -> None:
    truth = truth_with_error(2.0**-18)
    judgement = judge((REFERENCE + 2.0**-16).astype(np.float32), truth)
    assert judgement.ratio == pytest.approx(4.0)
    assert judgement.largest == 2.0**-16
    assert judgement.passed


def test_the_yardstick_is_at_least_one_rounding_of_the_logits() -> None:
    rms = np.sqrt((REFERENCE**2).mean())
    assert truth_with_error(0.0).outputs[0].yardstick == pytest.approx(UNIT * rms)


def test_a_yardstick_of_more_than_1024_roundings_is_not_credible_and_is_cut() -> None:
    rounding = UNIT * np.sqrt((REFERENCE**2).mean())
    for own, credible in ((1000 * rounding, True), (1100 * rounding, False), (np.inf, False)):
        truth = truth_of(REFERENCE, (REFERENCE + own))
        assert truth.credible is credible
        assert truth.outputs[0].yardstick <= 1024.001 * rounding


def test_one_image_far_off_fails_however_many_are_right() -> None:
    reference = np.random.RandomState(0).standard_normal((10_000, 10))
    own = (reference + 1e-6).astype(np.float32)
    logits = own.copy()
    logits[77, 3] += 3e-3
    judgement = judge(logits, truth_of(reference, own))
    assert judgement.ratio < 10
    assert judgement.worst_image == 77
    assert not judgement.passed


def test_errors_beyond_ten_times_pytorchs_own_fail() -> None:
    truth = truth_with_error(2.0**-18)
    assert judge((REFERENCE + 9 * 2.0**-18).astype(np.float32), truth).passed
    assert not judge((REFERENCE + 11 * 2.0**-18).astype(np.float32), truth).passed


def test_a_changed_prediction_is_named_with_its_margin() -> None:
    logits = REFERENCE.astype(np.float32)
    logits[1, 2] = 5.0
    judgement = judge(logits, truth_with_error(0.0))
    (change,) = judgement.changed
    assert (change.image, change.predicted, change.truth, change.margin) == (1, 2, 0, 0.5)
    assert (judgement.top1, judgement.worst_image, judgement.worst_class) == (1, 1, 2)


def test_the_five_highest_are_compared_as_a_set() -> None:
    reference = np.arange(20.0).reshape(2, 10)
    truth = truth_of(reference, reference)
    swapped = reference.astype(np.float32)
    swapped[0, [9, 8]] = swapped[0, [8, 9]]  # within the five
    swapped[1, [5, 4]] = swapped[1, [4, 5]]  # across their edge
    judgement = judge(swapped, truth)
    assert (judgement.top1, judgement.top5) == (1, 1)


@pytest.mark.parametrize(
    "logits",
    [
        np.full((2, 3), np.nan, np.float32),
        np.where(REFERENCE == 4.0, np.inf, REFERENCE).astype(np.float32),
        REFERENCE[:1].astype(np.float32),
        REFERENCE[:, :2].astype(np.float32),
    ],
)
def test_nan_infinity_or_another_shape_never_pass(logits: np.ndarray) -> None:
    judgement = judge(logits, truth_with_error(0.0))
    assert not judgement.finite
    assert not judgement.passed


def test_nothing_compared_never_passes() -> None:
    empty = np.empty((0, 3))
    truth = truth_of(empty, empty)
    assert not judge(empty.astype(np.float32), truth).passed


def test_a_reference_that_is_not_finite_never_passes() -> None:
    bad = np.where(REFERENCE == 4.0, np.nan, REFERENCE)
    truth = truth_of(bad, bad)
    assert not judge(REFERENCE.astype(np.float32), truth).passed


def test_margins_are_highest_minus_second_highest() -> None:
    assert margins(REFERENCE).tolist() == [1.0, 0.5]
