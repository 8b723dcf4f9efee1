"""The limits of a judgement of logits."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest
import results

from cifarx.verify.findings.logits import Change, Judgement

SOUND = results.judgement()


@pytest.mark.parametrize(
    ("judgement", "passed"),
    [
        (SOUND, True),
        (replace(SOUND, ratio=10.0, largest=2e-5), True),
        (replace(SOUND, ratio=10.01), False),
        (replace(SOUND, largest=2.1e-5), False),
        (replace(SOUND, ratio=inf), False),
        (replace(SOUND, finite=False), False),
        (replace(SOUND, images=0), False),
    ],
)
def test_ratio_and_largest_error_have_limits(judgement: Judgement, passed: bool) -> None:
    assert judgement.passed is passed


def test_a_margin_beyond_two_allowed_errors_is_no_tie() -> None:
    tie, change = Change(0, 1, 2, 4.0e-5), Change(1, 1, 2, 4.1e-5)  # 2e-5 is allowed
    assert replace(SOUND, changed=(tie, change)).not_ties == [change]


def test_the_detail_has_the_figures_in_order() -> None:
    parts = SOUND.detail("worst layer fc: 0.25 of bound").split(" | ")
    assert parts[:2] == ["logits 3x60", "worst layer fc: 0.25 of bound"]
    assert parts[2:] == ["RMS 1.2x float32", "max error 1.5e-06", "predictions 60/60"]


def test_an_image_is_shown_by_its_index_in_the_data_if_known() -> None:
    assert Change(3, 1, 2, 0.5).shown_index == 3
    assert Change(3, 1, 2, 0.5, place=812).shown_index == 812
