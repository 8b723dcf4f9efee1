"""Accuracy of classifiers, with intervals and tests. Rates and margins are proportions, 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt
from statistics import NormalDist

ALPHA = 0.05  # of each one-sided test; two tests at 5% correspond to an interval of 90%


@dataclass(frozen=True)
class Interval:
    """A confidence interval."""

    low: float
    high: float


@dataclass(frozen=True)
class Accuracy:
    """The number of images that a classifier gets right, with its confidence interval."""

    correct: int
    images: int
    interval: Interval
    """95% interval by Wilson; 0 to 1 if there are no images."""

    @property
    def proportion(self) -> float:
        """The share of correct images; NaN if there are none."""
        return self.correct / self.images if self.images else nan

    def words(self) -> str:
        """Return the accuracy in percent.

        >>> Accuracy(9, 10, Interval(0.5958, 0.9821)).words()
        '90.00% (59.58 to 98.21) of 10'
        """
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
    """Numbers of images that only the first, or only the second, gets right."""
    agree: int
    """Number of images for which both predict the same class, right or wrong."""
    interval: Interval
    """90% interval of the difference in accuracy, second minus first, by Tango's score."""
    p_mcnemar: float
    """Exact two-sided McNemar test: p-value under equal accuracies."""
    p_equivalence: float
    """The larger p-value of two one-sided tests that the accuracies are `margin` apart."""
    margin: float

    @property
    def points(self) -> float:
        """Difference in accuracy in percentage points, second minus first."""
        return 100 * (self.only_second - self.only_first) / self.images

    @property
    def equivalent(self) -> bool:
        """Whether the interval lies within the margin, as in two one-sided tests at 5%."""
        return within_margin(self.interval, self.margin)

    @property
    def enough(self) -> bool:
        """Whether this number of images could show equivalence if all predictions agreed."""
        return within_margin(tango(0, 0, self.images), self.margin)

    def words(self) -> str:
        """Return difference, McNemar p and equivalence, in percentage points."""
        test = ("McNemar", self.p_mcnemar)
        return comparison_words(self.points, self.interval, test, self.margin, enough=self.enough)


def comparison_words(
    points: float, interval: Interval, test: tuple[str, float], margin: float, *, enough: bool
) -> str:
    """Return difference, p of a test and equivalence, in percentage points.

    Args:
        points: the difference.
        interval: its interval, as proportions.
        test: name and p-value.
        margin: largest difference that counts as equivalent, a proportion.
        enough: whether so many images can show equivalence.
    """
    low, high = 100 * interval.low, 100 * interval.high
    name, value = test
    p = f"{value:.2f}" if value >= 0.01 else f"{value:.1e}"
    verdict = "" if within_margin(interval, margin) else "not shown to be "
    no_difference = interval.low <= 0 <= interval.high
    reason = ": too few images" if no_difference and not enough else ""
    return (
        f"difference {points:+.2f} points ({low:+.2f} to {high:+.2f}), {name} p {p}, "
        f"{verdict}equivalent within {100 * margin:g} points{reason}"
    )


def require_some(n: int) -> None:
    """Raise `ValueError` if there are no images."""
    if n < 1:
        raise ValueError(f"statistics of {n} images: at least one is needed")


def tango(
    only_first: float, only_second: float, n: int, confidence: float = 1 - 2 * ALPHA
) -> Interval:
    """Return the score interval of (only_second - only_first) / n, a paired difference.

    Tango (1998), Statistics in Medicine 17:891-908. A Wald interval has no width if all predictions
    agree, as between two good runtimes, and would take ten images for proof; this one does not.

    >>> round(tango(0, 0, 1000).high, 6)
    0.002698

    Args:
        only_first: number of images that only the first classifier gets right; not whole where
            images are right in part.
        only_second: number of images that only the second gets right.
        n: number of all images.
        confidence: level of the two-sided interval, 0 to 1.

    Raises:
        ValueError: no images, or more differences than images.
    """
    require_some(n)
    if only_first + only_second > n:
        raise ValueError(f"{only_first} + {only_second} differences in only {n} images")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    return Interval(-_upper(only_second, only_first, n, z), _upper(only_first, only_second, n, z))


def _upper(b: float, c: float, n: int, z: float) -> float:
    """Return the difference above the observed one with score -z, by bisection."""
    low, high = (c - b) / n, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if tango_score(b, c, n, middle) > -z else (low, middle)
    return high


def tango_score(b: float, c: float, n: int, delta: float) -> float:
    """Return how many standard deviations the difference (c - b) / n is above `delta`.

    The standard deviation is the one under the maximum likelihood rates with difference `delta`:
    q for b and q + delta for c, where q is the non-negative root of
    2n q^2 + B q - b delta (1 - delta) = 0.
    """
    if delta < 0:  # mirrored, so that the equation has one such root
        return -tango_score(c, b, n, -delta)
    B = (2 * n + b - c) * delta - b - c
    q = (sqrt(B * B + 8 * n * b * delta * (1 - delta)) - B) / (4 * n)
    difference, variance = c - b - n * delta, n * (2 * q + delta * (1 - delta))
    # Without variance, all predictions differ or none, and `delta` is the observed difference.
    return difference / sqrt(variance) if variance > 0 else 0.0


def within_margin(interval: Interval, margin: float) -> bool:
    """Whether an interval of a difference lies within a margin on both sides."""
    return -margin < interval.low and interval.high < margin
