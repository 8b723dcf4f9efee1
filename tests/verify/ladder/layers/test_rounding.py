from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from cifarx.verify.ladder.layers.rounding import gamma

U = 2.0**-24


def test_few_terms_have_the_bound_without_exceptions() -> None:
    assert gamma(1) == U / (1 - U)
    assert gamma(7, 10**9) == 7 * U / (1 - 7 * U)


def test_many_terms_have_the_probabilistic_bound() -> None:
    spread = math.sqrt(2 * math.log(2 * 10_000 * 50 * 1e6))
    assert gamma(10_000, 50) == pytest.approx(spread * 100 * U, rel=1e-4)
    assert gamma(10_000, 50) < 10_000 * U / 10


def test_more_sums_allow_more_and_never_more_than_the_sure_bound() -> None:
    found = [gamma(1000, sums) for sums in (1, 10**3, 10**6, 10**12)]
    assert found == sorted(found)
    assert found[-1] <= 1000 * U / (1 - 1000 * U)


def test_sums_too_long_for_the_sure_bound_still_have_the_other() -> None:
    assert 0 < gamma(2**25) < 1


@pytest.mark.octave
def test_octave_has_the_same_numbers(octave: Callable[[str], str]) -> None:
    cases = [(1, 1), (7, 100), (28, 32768), (577, 10), (2305, 131072), (100_000, 1)]
    calls = "; ".join(
        f"printf('%.17g\\n', cifarx.internal.truth.gammaBound({terms}, {sums}))"
        for terms, sums in cases
    )
    found = [float(line) for line in octave(calls).split()]
    assert found == pytest.approx([gamma(*case) for case in cases], rel=1e-13)
