"""Rungs 4 and 5: judge logits and predictions, in units of the rounding of float32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.verify.findings.logits import LIMIT, Change, Judgement, Tolerance

WORST_OWN = 2.0**10
"""Largest error of PyTorch's float32, in roundings of the logits, that serves as a yardstick."""
UNIT = 2.0**-24
"""Unit roundoff of float32: half the distance from 1 to the next number."""


@dataclass(frozen=True)
class Truth:
    """The logits in float64, and the error that float32 may make."""

    reference: NDArray[np.float64]
    """(N, K), by PyTorch in float64."""
    yardstick: float
    """RMS error of PyTorch's own float32 logits, between 1 and `WORST_OWN` roundings."""
    roundings: float
    """That error in roundings of the logits, u * rms(reference), before the limits."""
    origin: str
    """Where they come from, for the report."""

    @property
    def credible(self) -> bool:
        """Whether reference and float32 logits can be of one network, and serve as a yardstick."""
        return bool(self.roundings <= WORST_OWN) and bool(np.isfinite(self.reference).all())


def within(logits: NDArray[Any], truth: Truth, atol: float, rtol: float) -> Tolerance:
    """Count the images whose logits are all `numpy.isclose` to the truth; NaN never is."""
    reference = truth.reference
    if logits.shape != reference.shape:
        return Tolerance(atol, rtol, 0, len(reference))
    close = np.isclose(logits.astype(np.float64), reference, rtol, atol).all(axis=1)
    return Tolerance(atol, rtol, int(np.count_nonzero(close)), len(reference))


def make_truth(reference: NDArray[np.float64], own: NDArray[np.float32], origin: str) -> Truth:
    """Make the truth, with the error of PyTorch's float32 logits `own` as the yardstick.

    Args:
        reference: (N, K) logits in float64.
        own: (N, K) logits of the same inputs in float32.
        origin: where they come from, for the report.
    """
    floor = UNIT * rms(reference)
    error = rms(own.astype(np.float64) - reference) if own.shape == reference.shape else np.inf
    roundings = error / floor if floor else (np.inf if error else 0.0)
    roundings = roundings if np.isfinite(roundings) else np.inf
    return Truth(reference, floor * float(np.clip(roundings, 1.0, WORST_OWN)), roundings, origin)


def judge_logits(logits: NDArray[Any], truth: Truth) -> Judgement:
    """Compare (N, K) logits with the truth.

    Logits of another shape than the truth's cannot be compared, and are judged as not finite.
    """
    reference = truth.reference
    n, k = reference.shape
    comparable = logits.shape == reference.shape and n > 0
    if not comparable or not (np.isfinite(logits).all() and np.isfinite(reference).all()):
        nothing = float("inf")
        return Judgement(
            images=n,
            classes=k,
            finite=False,
            ratio=nothing,
            largest=nothing,
            largest_allowed=0.0,
            cosine=0.0,
            ulps=nothing,
            worst_image=0,
            worst_class=0,
            top1=0,
            top5=0,
            changed=(),
        )
    error = np.abs(logits.astype(np.float64) - reference)
    worst = np.unravel_index(np.argmax(error), error.shape)
    predicted, wanted = logits.argmax(1), reference.argmax(1)
    gap = margins(reference)
    changed = tuple(
        Change(int(i), int(predicted[i]), int(wanted[i]), float(gap[i]))
        for i in np.flatnonzero(predicted != wanted)
    )
    peak = np.abs(reference).max()
    return Judgement(
        images=n,
        classes=k,
        finite=True,
        ratio=rms(error) / truth.yardstick if truth.yardstick else (np.inf if error.any() else 0.0),
        largest=float(error.max()),
        largest_allowed=LIMIT * truth.yardstick * float(np.sqrt(2.0 * np.log(2000.0 * n * k))),
        cosine=_cosine(logits.astype(np.float64), reference),
        ulps=float(error.max() / np.spacing(np.float32(peak))),
        worst_image=int(worst[0]),
        worst_class=int(worst[1]),
        top1=n - len(changed),
        top5=int(np.count_nonzero(_top(logits, 5) == _top(reference, 5))),
        changed=changed,
    )


def located(judgement: Judgement, places: Sequence[int], labels: Sequence[int]) -> Judgement:
    """Return the judgement with the indices of its images among the test images.

    Args:
        judgement: of all compared images, or of the first ones.
        places: index of each compared image among the test images.
        labels: of each compared image; empty if they are unknown.
    """
    changed = tuple(
        replace(
            change,
            place=int(places[change.image]),
            label=int(labels[change.image]) if len(labels) else None,
        )
        for change in judgement.changed
    )
    worst = int(places[judgement.worst_image]) if len(places) else 0
    return replace(judgement, changed=changed, worst_image=worst)


def margins(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, K) -> (N,) highest minus second highest logit; infinite for a single class.

    >>> margins(np.array([[1.0, 4.0, 2.5]]))
    array([1.5])
    """
    if logits.shape[1] < 2:
        return np.full(len(logits), np.inf)
    two = np.partition(logits, -2, axis=1)[:, -2:]
    return np.asarray(two[:, 1] - two[:, 0])


def _top(logits: NDArray[Any], count: int) -> NDArray[Any]:
    """(N, K) -> (N,) the set of the `count` highest classes of each image."""
    highest = np.argsort(-logits, axis=1, kind="stable")[:, :count]
    return np.array([frozenset(row) for row in highest.tolist()], dtype=object)


def _cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    norms = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.vdot(a, b)) / norms if norms else 0.0


def rms(values: NDArray[np.float64]) -> float:
    """Root mean square; 0 for an empty array."""
    return float(np.sqrt(np.mean(np.square(values)))) if values.size else 0.0
