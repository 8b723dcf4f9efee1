"""Scores of classifiers with their intervals; rates and margins are proportions."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt
from statistics import NormalDist

ALPHA = 0.05  # of each one-sided test; two of them at 5% are an interval of 90%


@dataclass(frozen=True)
class Interval:
    """A confidence interval."""

    low: float
    high: float


@dataclass(frozen=True)
class Accuracy:
    """How many images a classifier gets right."""

    correct: int
    images: int
    interval: Interval
    """95%, by Wilson; 0 to 1 where there are no images."""

    @property
    def proportion(self) -> float:
        """The share that is right; NaN of no images."""
        return self.correct / self.images if self.images else nan

    def words(self) -> str:
        """One line, in per cent."""
        if not self.images:
            return "no images"
        low, high = 100 * self.interval.low, 100 * self.interval.high
        return f"{100 * self.proportion:.2f}% ({low:.2f} to {high:.2f}) of {self.images}"


@dataclass(frozen=True)
class Comparison:
    """Two classifiers on the same images: the first is the reference, the second the runtime."""

    images: int
    only_first: int
    only_second: int
    """Images that the first, or the second, alone gets right."""
    agree: int
    """Images for which both predict the same class, be it right or wrong."""
    interval: Interval
    """90% of the difference of accuracy, second minus first, by Tango's score."""
    p_mcnemar: float
    """Exact and two-sided: were the accuracies equal, how often would they look this unequal."""
    p_equivalence: float
    """Larger of two one-sided p: were they `margin` apart, how often would they look this equal."""
    margin: float

    @property
    def points(self) -> float:
        """Difference of accuracy in percentage points, second minus first."""
        return 100 * (self.only_second - self.only_first) / self.images

    @property
    def equivalent(self) -> bool:
        """Whether the whole interval lies within the margin: two one-sided tests at 5%."""
        return _within(self.interval, self.margin)

    @property
    def enough(self) -> bool:
        """Whether so many images can show equivalence at all, were no two verdicts to differ."""
        return _within(tango(0, 0, self.images), self.margin)

    def words(self) -> str:
        """One line, in percentage points."""
        low, high = 100 * self.interval.low, 100 * self.interval.high
        difference = f"difference {self.points:+.2f} points ({low:+.2f} to {high:+.2f})"
        p = f"{self.p_mcnemar:.2f}" if self.p_mcnemar >= 0.01 else f"{self.p_mcnemar:.1e}"
        verdict = "" if self.equivalent else "not shown to be "
        within = f"equivalent within {100 * self.margin:g} points"
        none = self.interval.low <= 0 <= self.interval.high
        reason = ": too few images" if none and not self.enough else ""
        return f"{difference}, McNemar p {p}, {verdict}{within}{reason}"


def require_some(n: int) -> None:
    """Raise `ValueError` for statistics of no images."""
    if n < 1:
        raise ValueError(f"statistics of {n} images: there must be at least one")


def tango(only_first: int, only_second: int, n: int, confidence: float = 1 - 2 * ALPHA) -> Interval:
    """Score interval of (only_second - only_first) / n, a difference of paired proportions.

    Tango (1998), Statistics in Medicine 17:891-908. A Wald interval has no width where no verdict
    differs, as between two good runtimes, and would call ten images proof; this one does not.
    """
    require_some(n)
    if only_first + only_second > n:
        raise ValueError(f"{only_first} and {only_second} verdicts differ, of {n} images")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    return Interval(-_upper(only_second, only_first, n, z), _upper(only_first, only_second, n, z))


def _upper(b: int, c: int, n: int, z: float) -> float:
    """The difference above the observed one whose score is -z, by halving."""
    low, high = (c - b) / n, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if tango_score(b, c, n, middle) > -z else (low, middle)
    return high


def tango_score(b: int, c: int, n: int, delta: float) -> float:
    """Standard deviations from `delta` to the observed difference (c - b) / n, were `delta` true.

    The deviation is that under the likeliest rates `delta` apart, q of b and q + delta of c; q is
    the root of 2n q^2 + B q - b delta (1 - delta) = 0 that is not negative.
    """
    if delta < 0:  # mirrored, for the equation to have one such root
        return -tango_score(c, b, n, -delta)
    B = (2 * n + b - c) * delta - b - c
    q = (sqrt(B * B + 8 * n * b * delta * (1 - delta)) - B) / (4 * n)
    difference, variance = c - b - n * delta, n * (2 * q + delta * (1 - delta))
    # Without variance, all verdicts or none differ, and `delta` is what was observed.
    return difference / sqrt(variance) if variance > 0 else 0.0


def _within(interval: Interval, margin: float) -> bool:
    return -margin < interval.low and interval.high < margin
