"""Rungs 4 and 5: logits in units of float32's own rounding, and what they decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.verify.findings.numbers import Number

LIMIT = 10.0
"""Largest ratio of RMS errors that is float32 rounding; README.md, 'Logits', says why."""
WORST_OWN = 2.0**10
"""Roundings of the logits that PyTorch's own error may have, to serve as a yardstick."""
UNIT = 2.0**-24
"""Unit roundoff of float32: half the distance from 1 to the next number."""


@dataclass(frozen=True)
class Truth:
    """What the logits should be."""

    reference: NDArray[np.float64]
    """(N, K), by PyTorch in float64."""
    yardstick: float
    """RMS error of PyTorch's own float32 logits, between 1 and `WORST_OWN` roundings."""
    roundings: float
    """That error in roundings of the logits, u * rms(reference), as it was found."""
    origin: str
    """Where they are from, for the report."""

    @property
    def credible(self) -> bool:
        """Whether truth and float32 logits can be of one network, and be a yardstick."""
        return bool(self.roundings <= WORST_OWN) and bool(np.isfinite(self.reference).all())


@dataclass(frozen=True)
class Judgement:
    """One runtime's logits against the truth."""

    images: int
    classes: int
    finite: bool
    ratio: Number
    """RMS error over the yardstick."""
    largest: Number
    """Largest absolute error."""
    largest_allowed: float
    """What it may be: `LIMIT` yardsticks, times the spread of so many normal errors."""
    cosine: float
    """Of all logits with the truth's; for information, no defect small enough shows in it."""
    ulps: Number
    """The same in units in the last place of the largest logit."""
    worst_image: int
    """Among the test images where that is known, else among those compared."""
    worst_class: int
    top1: int
    """Images for which the predicted class is that of the truth."""
    top5: int
    """Images whose five highest classes are those of the truth, as a set."""
    changed: tuple[Change, ...]

    @property
    def passed(self) -> bool:
        small = self.ratio <= LIMIT and self.largest <= self.largest_allowed
        return self.finite and self.images > 0 and small

    @property
    def turned(self) -> list[Change]:
        """Changes that are more than ties: one logit up and one down by what is allowed."""
        return [c for c in self.changed if not c.margin <= 2.0 * self.largest_allowed]

    def detail(self, *layers: str) -> str:
        """The part of the engine's line that every runtime prints alike.

        Args:
            layers: what is known of its layers, for the second place.
        """
        parts = (
            f"logits {self.classes}x{self.images}",
            *layers,
            f"RMS {self.ratio:.1f}x float32",
            f"max error {self.largest:.1e}",
            f"predictions {self.top1}/{self.images}",
        )
        return " | ".join(parts)


@dataclass(frozen=True)
class Tolerance:
    """How many images are within a tolerance that somebody has to quote; it decides nothing."""

    atol: float
    rtol: float
    within: int
    images: int

    def words(self) -> str:
        """Its part of a line."""
        return (
            f"{self.within}/{self.images} images within atol {self.atol:g} + rtol {self.rtol:g} x "
            "the float64 logits, which the verdict does not rest on"
        )


def within(logits: NDArray[Any], truth: Truth, atol: float, rtol: float) -> Tolerance:
    """Images all of whose logits are `numpy.isclose` to the truth's; NaN is close to nothing."""
    reference = truth.reference
    if logits.shape != reference.shape:
        return Tolerance(atol, rtol, 0, len(reference))
    close = np.isclose(logits.astype(np.float64), reference, rtol, atol).all(axis=1)
    return Tolerance(atol, rtol, int(np.count_nonzero(close)), len(reference))


@dataclass(frozen=True)
class Change:
    """An image for which a runtime predicts another class than the truth."""

    image: int
    """Among the images that were compared."""
    predicted: int
    truth: int
    margin: Number
    """Highest minus second highest logit of the truth."""
    place: int | None = None
    """Among the test images of the data, or of the test batch, where it is known."""
    label: int | None = None
    """The class that it is of, where that is known."""

    @property
    def of_data(self) -> int:
        """What a person finds the image by."""
        return self.image if self.place is None else self.place


def make_truth(reference: NDArray[np.float64], own: NDArray[np.float32], origin: str) -> Truth:
    """The truth, with the error of PyTorch's own float32 logits `own` as the yardstick."""
    floor = UNIT * rms(reference)
    error = rms(own.astype(np.float64) - reference) if own.shape == reference.shape else np.inf
    roundings = error / floor if floor else (np.inf if error else 0.0)
    roundings = roundings if np.isfinite(roundings) else np.inf
    return Truth(reference, floor * float(np.clip(roundings, 1.0, WORST_OWN)), roundings, origin)


def judge_logits(logits: NDArray[Any], truth: Truth) -> Judgement:
    """Compare (N, K) logits with the truth.

    Logits of another shape than the truth's are judged as not finite: nothing can be said of them.
    """
    reference = truth.reference
    n, k = reference.shape
    comparable = logits.shape == reference.shape and n > 0
    if not comparable or not (np.isfinite(logits).all() and np.isfinite(reference).all()):
        nothing = float("inf")
        return Judgement(n, k, False, nothing, nothing, 0.0, 0.0, nothing, 0, 0, 0, 0, ())
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
    """A judgement that says which test images its changes and its worst image are.

    Args:
        judgement: of the first of the compared images, or of all of them.
        places: of each compared image among the test images.
        labels: of each compared image; none where there are no labels.
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
    """(N,) highest minus second highest logit."""
    if logits.shape[1] < 2:
        return np.full(len(logits), np.inf)
    two = np.partition(logits, -2, axis=1)[:, -2:]
    return np.asarray(two[:, 1] - two[:, 0])


def _top(logits: NDArray[Any], count: int) -> NDArray[Any]:
    """(N,) the set of the `count` highest classes of each image."""
    highest = np.argsort(-logits, axis=1, kind="stable")[:, :count]
    return np.array([frozenset(row) for row in highest.tolist()], dtype=object)


def _cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    norms = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.vdot(a, b)) / norms if norms else 0.0


def rms(values: NDArray[np.float64]) -> float:
    """Root of the mean square; 0 of nothing."""
    return float(np.sqrt(np.mean(np.square(values)))) if values.size else 0.0
