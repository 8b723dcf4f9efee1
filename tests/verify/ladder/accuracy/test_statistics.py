from __future__ import annotations

from collections.abc import Callable
from math import isnan, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import multinomial

from cifarx.verify.findings.scores import Comparison, Interval, tango
from cifarx.verify.ladder.accuracy.statistics import accuracy, by_class, compare, rate_bound, wilson

Z90, Z95 = 1.6448536269514722, 1.959963984540054
NONE = np.empty(0, np.int64)

steady = settings(deadline=None, derandomize=True)
pairs = st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(0, 20_000)).filter(
    lambda counts: sum(counts) > 0
)
"""Images that only the first gets right, only the second, and all others."""


def comparison(b: int, c: int, n: int, margin: float = 0.001) -> Comparison:
    """Of n images of class 0, the first b right by the first alone, the next c by the second."""
    first, second = np.zeros(n, np.int64), np.zeros(n, np.int64)
    second[:b], first[b : b + c] = 1, 1
    return compare(first, second, np.zeros(n, np.int64), margin)


def ends(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high


# --- one classifier ---


def test_accuracy_counts_the_images_that_are_right() -> None:
    found = accuracy(np.array([0, 1, 2, 2]), np.array([0, 1, 1, 2]))
    assert (found.correct, found.images, found.proportion) == (3, 4, 0.75)
    assert found.interval == wilson(3, 4)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, Stat Med 17:857-872, table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (9820, 10_000, 0.9792030528, 0.9844267728),  # statsmodels 0.15.0, proportion_confint
    ],
)
def test_wilson_is_as_published(successes: int, n: int, low: float, high: float) -> None:
    assert ends(wilson(successes, n)) == pytest.approx((low, high), abs=5e-5)


@steady
@given(st.integers(1, 10**6), st.floats(0, 1))
def test_wilson_is_its_closed_form(n: int, share: float) -> None:
    successes = round(share * n)
    p, z2 = successes / n, Z95**2
    centre, spread = p + z2 / (2 * n), Z95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    form = ((centre - spread) / (1 + z2 / n), (centre + spread) / (1 + z2 / n))
    assert ends(wilson(successes, n)) == pytest.approx(form, abs=1e-12)


def test_each_class_is_counted_by_label_and_one_without_images_says_nothing() -> None:
    none, one, two = by_class(np.array([1, 0, 2]), np.array([1, 1, 2]), 3)
    assert (none.correct, none.images, ends(none.interval)) == (0, 0, (0.0, 1.0))
    assert isnan(none.proportion)
    assert none.words() == "no images"
    assert (one.correct, one.images, two.correct, two.images) == (1, 2, 1, 1)


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_of_no_class_is_refused(label: int) -> None:
    with pytest.raises(ValueError, match="not 0 to 2"):
        by_class(np.array([0, 0]), np.array([0, label]), 3)


@pytest.mark.parametrize(
    ("changed", "n", "bound"),
    [  # statsmodels 0.15.0: upper end of proportion_confint(changed, n, 0.10, "beta")
        (0, 10_000, 2.99528359776612e-4),
        (3, 10_000, 7.751813790100998e-4),
        (17, 1000, 0.025390748776180874),
        (5, 5, 1.0),
    ],
)
def test_a_rate_is_bounded_exactly(changed: int, n: int, bound: float) -> None:
    assert rate_bound(changed, n) == pytest.approx(bound, rel=1e-9)


def test_the_bound_of_nothing_seen_is_the_rate_that_hides_in_one_of_twenty() -> None:
    assert (1 - rate_bound(0, 777)) ** 777 == pytest.approx(0.05)


# --- two classifiers ---


def test_verdicts_that_differ_are_counted_apart_from_classes_that_differ() -> None:
    labels = np.array([0, 0, 0, 0, 0, 0])
    first = np.array([0, 0, 0, 1, 1, 1])
    second = np.array([0, 1, 2, 0, 1, 2])
    found = compare(first, second, labels)
    assert (found.images, found.only_first, found.only_second, found.agree) == (6, 2, 1, 2)
    assert found.points == pytest.approx(-100 / 6)


@pytest.mark.parametrize(
    ("b", "c", "p"),
    [
        (16, 6, 0.052479),  # Cavo et al. 2012, in R's contingencytables, tests of chapter 8
        (7, 1, 18 / 256),
        (25, 28, 0.7838463022094988),  # statsmodels 0.15.0, mcnemar(exact=True)
        (0, 0, 1.0),
    ],
)
def test_mcnemar_is_exact(b: int, c: int, p: float) -> None:
    assert comparison(b, c, 700).p_mcnemar == pytest.approx(p, abs=5e-7)


@pytest.mark.parametrize(
    ("b", "c", "n", "confidence", "low", "high"),
    [
        # Cavo et al. 2012 and Bentur et al. 2009, the examples of Fagerland, Lydersen and Laake;
        # the first as in the tests of R's contingencytables, the second as in those of ratesci.
        (16, 6, 161, 0.95, -0.1240, -0.0054),
        (7, 1, 21, 0.95, -0.517, -0.026),
        (25, 28, 618, 0.90, -0.0148, 0.0247),  # R's PropCIs, scoreci.mp(25, 28, 618, 0.90)
    ],
)
def test_tangos_interval_is_as_published(
    b: int, c: int, n: int, confidence: float, low: float, high: float
) -> None:
    digits = 5e-4 if n == 21 else 5e-5
    assert ends(tango(b, c, n, confidence)) == pytest.approx((low, high), abs=digits)


def test_tangos_own_example_is_equivalent_within_a_tenth() -> None:
    """44 pairs of contact lenses, of which one differs: z = 1.709, p = 0.044."""
    found = comparison(1, 0, 44, margin=0.1)
    assert found.p_equivalence == pytest.approx(0.0437, abs=1e-4)
    assert ends(found.interval) == pytest.approx((-0.096, 0.037), abs=5e-4)
    assert found.equivalent


@pytest.mark.parametrize(("b", "c", "n"), [(16, 6, 161), (1, 7, 21), (3, 5, 10_000), (40, 1, 41)])
def test_the_ends_are_where_the_likeliest_rates_so_far_apart_are_z_deviations_off(
    b: int, c: int, n: int
) -> None:
    """The likelihood is maximised numerically here, and not by Tango's root."""

    def score(delta: float) -> float:
        def unlikely(q: float) -> float:
            rates = ((b, q), (c, q + delta), (n - b - c, 1 - 2 * q - delta))
            return -sum(count * log(rate) for count, rate in rates if count)

        lowest = max(0.0, -delta)
        found = minimize_scalar(
            unlikely,
            bounds=(lowest + 1e-12, (1 - delta) / 2 - 1e-12),
            method="bounded",
            options={"xatol": 1e-13},
        )
        return float((c - b - n * delta) / sqrt(n * (2 * found.x + delta - delta**2)))

    interval = tango(b, c, n)
    assert score(interval.low) == pytest.approx(Z90, abs=1e-4)
    assert score(interval.high) == pytest.approx(-Z90, abs=1e-4)


@steady
@given(st.integers(1, 10**7))
def test_the_interval_has_width_where_no_verdict_differs(n: int) -> None:
    half = Z90**2 / (n + Z90**2)
    assert ends(tango(0, 0, n)) == pytest.approx((-half, half), rel=1e-9)


@pytest.mark.parametrize(("b", "c", "low", "high"), [(5, 0, -1, 0), (0, 5, 0, 1)])
def test_the_interval_stays_within_one_where_every_verdict_differs(
    b: int, c: int, low: float, high: float
) -> None:
    interval = tango(b, c, 5)
    assert low <= interval.low < interval.high <= high
    assert low in ends(interval) or high in ends(interval)


@steady
@given(pairs)
def test_swapping_the_classifiers_turns_the_signs(counts: tuple[int, int, int]) -> None:
    b, c, n = counts[0], counts[1], sum(counts)
    one, other = comparison(b, c, n), comparison(c, b, n)
    assert one.points == -other.points
    assert ends(one.interval) == (-other.interval.high, -other.interval.low)
    assert (one.p_mcnemar, one.p_equivalence) == (other.p_mcnemar, other.p_equivalence)
    assert one.agree == other.agree
    assert one.interval.low <= one.points / 100 <= one.interval.high


@steady
@given(pairs, st.sampled_from([0.0005, 0.001, 0.01, 0.1]))
def test_the_interval_and_the_two_tests_decide_alike(
    counts: tuple[int, int, int], margin: float
) -> None:
    found = comparison(counts[0], counts[1], sum(counts), margin)
    assert found.equivalent is (found.p_equivalence < 0.05)


def frequencies(p: float, q: float, n: int, most: int) -> NDArray[np.float64]:
    """(most, most) probability of b and c; the few above it are left out."""
    b, c = np.mgrid[:most, :most]
    chances = multinomial.pmf(np.stack([b, c, n - b - c], -1), n, [p, q, 1 - p - q])
    assert chances.sum() > 0.9999
    return np.asarray(chances)


@pytest.mark.parametrize(
    ("p", "q", "n", "most", "least", "greatest"),
    [
        (1e-3, 1e-3, 10_000, 30, 0.88, 0.92),
        (1e-3, 3e-4, 10_000, 30, 0.88, 0.92),
        (0.03, 0.01, 300, 30, 0.87, 0.93),
        (2e-5, 2e-5, 10_000, 8, 0.95, 1.0),  # hardly ever a difference: on the safe side
    ],
)
def test_the_interval_covers_the_truth_nine_times_of_ten(
    p: float, q: float, n: int, most: int, least: float, greatest: float
) -> None:
    """Exactly, over all outcomes, and not by drawing some."""
    chances = frequencies(p, q, n, most)
    intervals = {(b, c): tango(b, c, n) for b in range(most) for c in range(most)}
    covered = sum(chances[at] for at, i in intervals.items() if i.low <= q - p <= i.high)
    assert least < covered < greatest


def test_draws_of_whole_data_sets_are_covered_as_often() -> None:
    rng = np.random.default_rng(6)
    labels, draws, covered = np.zeros(2000, np.int64), 300, 0
    for _ in range(draws):
        kind = rng.choice(4, 2000, p=[0.9, 0.01, 0.02, 0.07])  # both right, one, the other, none
        found = compare(np.isin(kind, (2, 3)) * 1, np.isin(kind, (1, 3)) * 2, labels)
        covered += found.interval.low <= 0.01 <= found.interval.high
    assert covered / draws == pytest.approx(0.9, abs=4 * sqrt(0.9 * 0.1 / draws))


@pytest.mark.parametrize("c", [0.0, 2e-4, 5e-4])
def test_runtimes_a_margin_apart_pass_for_equivalent_one_time_of_twenty(c: float) -> None:
    chances = frequencies(c + 0.001, c, 10_000, 32)
    wrong = sum(
        chances[b, k]
        for b in range(32)
        for k in range(32)
        if chances[b, k] > 1e-6 and comparison(b, k, 10_000).equivalent
    )
    assert wrong < 0.06


def test_a_defect_that_costs_twenty_images_of_10000_is_not_equivalent() -> None:
    assert not comparison(20, 0, 10_000).equivalent
    assert comparison(20, 0, 10_000).p_mcnemar < 1e-5


def test_2703_images_without_a_difference_are_the_fewest_that_suffice() -> None:
    assert not comparison(0, 0, 2702).equivalent
    assert comparison(0, 0, 2703).equivalent


# --- words ---


def test_words_of_an_accuracy() -> None:
    predicted = np.zeros(10_000, np.int64)
    predicted[:180] = 1
    words = accuracy(predicted, np.zeros(10_000, np.int64)).words()
    assert words == "98.20% (97.92 to 98.44) of 10000"


@pytest.mark.parametrize(
    ("b", "c", "n", "words"),
    [
        (
            0,
            0,
            10_000,
            "difference +0.00 points (-0.03 to +0.03), McNemar p 1.00, "
            "equivalent within 0.1 points",
        ),
        (
            20,
            0,
            10_000,
            "difference -0.20 points (-0.29 to -0.14), McNemar p 1.9e-06, "
            "not shown to be equivalent within 0.1 points",
        ),
        (
            0,
            0,
            100,
            "difference +0.00 points (-2.63 to +2.63), McNemar p 1.00, "
            "not shown to be equivalent within 0.1 points: too few images",
        ),
    ],
)
def test_words_of_a_comparison(b: int, c: int, n: int, words: str) -> None:
    assert comparison(b, c, n).words() == words


# --- nothing, or something else ---


def test_nothing_to_count_is_refused() -> None:
    calls = (
        lambda: wilson(0, 0),
        lambda: rate_bound(0, 0),
        lambda: tango(0, 0, 0),
        lambda: accuracy(NONE, NONE),
        lambda: by_class(NONE, NONE, 10),
        lambda: compare(NONE, NONE, NONE),
    )
    for call in calls:
        with pytest.raises(ValueError, match="at least one"):
            call()


@pytest.mark.parametrize("count", [wilson, rate_bound, lambda k, n: tango(k, 0, n)])
def test_more_than_there_are_is_refused(count: Callable[[int, int], object]) -> None:
    with pytest.raises(ValueError, match=r"4|less than or equal"):
        count(4, 3)


@pytest.mark.parametrize("shape", [(1,), (3, 1), (2,), ()])
def test_predictions_that_numpy_would_broadcast_are_refused(shape: tuple[int, ...]) -> None:
    labels = np.zeros(3, np.int64)
    with pytest.raises(ValueError, match="shapes"):
        accuracy(np.zeros(shape, np.int64), labels)
    with pytest.raises(ValueError, match="shapes"):
        compare(labels, np.zeros(shape, np.int64), labels)


@pytest.mark.parametrize("margin", [0.0, -0.1, 1.0, float("nan")])
def test_a_margin_that_is_no_proportion_is_refused(margin: float) -> None:
    with pytest.raises(ValueError, match="margin"):
        comparison(0, 0, 10, margin)
