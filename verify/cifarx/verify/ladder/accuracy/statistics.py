"""Compute accuracies, their intervals, and the tests that compare two classifiers (rung 6).

Rates, differences, intervals and margins are proportions; only `words` and `points` are in percent.
Counting nothing raises ValueError, because a check over nothing must not pass.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, norm

from cifarx.verify.findings.scores import (
    ALPHA,
    Accuracy,
    Comparison,
    Interval,
    require_some,
    tango,
    tango_score,
)

Classes: TypeAlias = NDArray[np.int64]  # (N,), predicted or true
MARGIN = 0.001
"""Difference of accuracy that does not matter in practice: 0.1 points, 10 of 10,000 images."""


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Compute the score interval of a proportion (Wilson 1927, JASA 22:209-212).

    >>> interval = wilson(95, 100)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.8882, 0.9785)
    """
    require_some(n)
    ends = binomtest(successes, n).proportion_ci(confidence, method="wilson")
    return Interval(float(ends.low), float(ends.high))


def wilson_interval(successes: float, n: int, confidence: float = 0.95) -> Interval:
    """Compute the same for a number of successes that need not be whole.

    >>> interval = wilson_interval(95, 100)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.8882, 0.9785)
    """
    require_some(n)
    z, p = NormalDist().inv_cdf((1 + confidence) / 2), successes / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def rate_bound(changed: int, n: int) -> float:
    """Bound the rate at which images change, if `changed` of n did: one-sided 95% upper bound.

    Exact (Clopper and Pearson 1934, Biometrika 26:404-413): 0 of 10,000 leaves up to 3 in 10,000.
    """
    require_some(n)
    return float(binomtest(changed, n, alternative="less").proportion_ci(1 - ALPHA).high)


def accuracy(predicted: Classes, labels: Classes) -> Accuracy:
    """Count the predicted classes that equal the labels."""
    _check(labels, predicted)
    correct = int(np.count_nonzero(predicted == labels))
    return Accuracy(correct, len(labels), wilson(correct, len(labels)))


def by_class(predicted: Classes, labels: Classes, classes: int) -> tuple[Accuracy, ...]:
    """Compute the accuracy per label; each interval is 95% for itself, not for all together."""
    _check(labels, predicted)
    if labels.min() < 0 or labels.max() >= classes:  # those images would be missed
        raise ValueError(f"labels are {labels.min()} to {labels.max()}, not 0 to {classes - 1}")
    none = Accuracy(0, 0, Interval(0.0, 1.0))
    masks = [labels == label for label in range(classes)]
    return tuple(accuracy(predicted[m], labels[m]) if m.any() else none for m in masks)


def compare(first: Classes, second: Classes, labels: Classes, margin: float = MARGIN) -> Comparison:
    """Compare two classifiers on the same images.

    Args:
        first: (N,) predicted classes of one.
        second: (N,) predicted classes of the other.
        labels: (N,) true classes.
        margin: largest difference of accuracy that counts as equivalent.

    Raises:
        ValueError: no images, shapes that differ, or a margin that is not between 0 and 1.
    """
    _check(labels, first, second)
    if not 0 < margin < 1:
        raise ValueError(f"the margin is {margin}, not a proportion between 0 and 1")
    n, right, also_right = len(labels), first == labels, second == labels
    b, c = int(np.count_nonzero(right & ~also_right)), int(np.count_nonzero(~right & also_right))
    too_low, too_high = (
        norm.sf(tango_score(b, c, n, -margin)),
        norm.cdf(tango_score(b, c, n, margin)),
    )
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


def _check(*classes: Classes) -> None:
    shapes = [array.shape for array in classes]
    if len(shapes[0]) != 1 or len(set(shapes)) != 1:  # numpy would broadcast them
        raise ValueError(f"labels and predictions have the shapes {shapes}, not all the same (N,)")
    require_some(len(classes[0]))
