"""Rung 6: what a runtime's predictions over a data set say about its accuracy.

Rates, differences, intervals and margins are proportions; only `words` and `points` speak in
hundredths. Nothing to count is a ValueError, for a check over nothing must not pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, norm

Classes: TypeAlias = NDArray[np.int64]  # (N,) of each image, predicted or right
ALPHA = 0.05  # of each one-sided test; two of them at 5% are an interval of 90%
MARGIN = 0.001
"""Difference of accuracy that is none in practice: 0.1 points, ten images of CIFAR-10's test."""


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


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Score interval of a proportion (Wilson 1927, JASA 22:209-212)."""
    _need(n)
    ends = binomtest(successes, n).proportion_ci(confidence, method="wilson")
    return Interval(float(ends.low), float(ends.high))


def rate_bound(changed: int, n: int) -> float:
    """One-sided 95% upper bound of the rate at which images change, of which `changed` of n did.

    Exact (Clopper and Pearson 1934, Biometrika 26:404-413): none of 10,000 leaves 3 in 10,000.
    """
    _need(n)
    return float(binomtest(changed, n, alternative="less").proportion_ci(1 - ALPHA).high)


def accuracy(predicted: Classes, labels: Classes) -> Accuracy:
    """How many of the predicted classes are the labels."""
    _check(labels, predicted)
    correct = int(np.count_nonzero(predicted == labels))
    return Accuracy(correct, len(labels), wilson(correct, len(labels)))


def by_class(predicted: Classes, labels: Classes, classes: int) -> tuple[Accuracy, ...]:
    """The accuracy on the images of each label; each interval is 95%, not all of them together."""
    _check(labels, predicted)
    if labels.min() < 0 or labels.max() >= classes:  # those images would be left out
        raise ValueError(f"labels are {labels.min()} to {labels.max()}, not 0 to {classes - 1}")
    none = Accuracy(0, 0, Interval(0.0, 1.0))
    masks = [labels == label for label in range(classes)]
    return tuple(accuracy(predicted[m], labels[m]) if m.any() else none for m in masks)


def compare(first: Classes, second: Classes, labels: Classes, margin: float = MARGIN) -> Comparison:
    """Compare what two classifiers predict; a difference up to `margin` counts as none."""
    _check(labels, first, second)
    if not 0 < margin < 1:
        raise ValueError(f"the margin is {margin}, not a proportion between 0 and 1")
    n, right, also_right = len(labels), first == labels, second == labels
    b, c = int(np.count_nonzero(right & ~also_right)), int(np.count_nonzero(~right & also_right))
    too_low, too_high = norm.sf(_score(b, c, n, -margin)), norm.cdf(_score(b, c, n, margin))
    return Comparison(
        images=n,
        only_first=b,
        only_second=c,
        agree=int(np.count_nonzero(first == second)),
        interval=tango(b, c, n),
        p_mcnemar=float(binomtest(b, b + c, 0.5).pvalue) if b + c else 1.0,
        p_equivalence=float(max(too_low, too_high)),
        margin=margin,
    )


def tango(only_first: int, only_second: int, n: int, confidence: float = 1 - 2 * ALPHA) -> Interval:
    """Score interval of (only_second - only_first) / n, a difference of paired proportions.

    Tango (1998), Statistics in Medicine 17:891-908. A Wald interval has no width where no verdict
    differs, as between two good runtimes, and would call ten images proof; this one does not.
    """
    _need(n)
    if only_first + only_second > n:
        raise ValueError(f"{only_first} and {only_second} verdicts differ, of {n} images")
    z = float(norm.isf((1 - confidence) / 2))
    return Interval(-_upper(only_second, only_first, n, z), _upper(only_first, only_second, n, z))


def _upper(b: int, c: int, n: int, z: float) -> float:
    """The difference above the observed one whose score is -z, by halving."""
    low, high = (c - b) / n, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _score(b, c, n, middle) > -z else (low, middle)
    return high


def _score(b: int, c: int, n: int, delta: float) -> float:
    """Standard deviations from `delta` to the observed difference (c - b) / n, were `delta` true.

    The deviation is that under the likeliest rates `delta` apart, q of b and q + delta of c; q is
    the root of 2n q^2 + B q - b delta (1 - delta) = 0 that is not negative.
    """
    if delta < 0:  # mirrored, for the equation to have one such root
        return -_score(c, b, n, -delta)
    B = (2 * n + b - c) * delta - b - c
    q = (sqrt(B * B + 8 * n * b * delta * (1 - delta)) - B) / (4 * n)
    difference, variance = c - b - n * delta, n * (2 * q + delta * (1 - delta))
    # Without variance, all verdicts or none differ, and `delta` is what was observed.
    return difference / sqrt(variance) if variance > 0 else 0.0


def _within(interval: Interval, margin: float) -> bool:
    return -margin < interval.low and interval.high < margin


def _need(n: int) -> None:
    if n < 1:
        raise ValueError(f"statistics of {n} images: there must be at least one")


def _check(*classes: Classes) -> None:
    shapes = [array.shape for array in classes]
    if len(shapes[0]) != 1 or len(set(shapes)) != 1:  # numpy would broadcast them, and count
        raise ValueError(f"labels and predictions have the shapes {shapes}, not all the same (N,)")
    _need(len(classes[0]))
