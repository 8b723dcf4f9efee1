"""Rungs 4 and 5: judge outputs and predictions, in units of the rounding of float32.

Every output is judged by its own error, part by part: float64 copies of large maps are not kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.verify.findings.logits import (
    CLASSIFICATION,
    LIMIT,
    REGRESSION,
    SEGMENTATION,
    Change,
    Judgement,
    Tolerance,
)
from cifarx.verify.ladder.errors import errors_of, rms_of_difference
from cifarx.verify.ladder.pixels import judge_pixels
from cifarx.verify.ladder.truth_of_output import UNIT, OutputTruth, margins, parts, rms

WORST_OWN = 2.0**10
"""Largest error of PyTorch's float32, in roundings of the output, that serves as a yardstick."""
Values = Sequence[NDArray[Any]]
"""One array (N, ...) per output."""


@dataclass(frozen=True)
class Truth:
    """The outputs in float64, and the errors that float32 may make."""

    outputs: tuple[OutputTruth, ...]
    origin: str
    """Where they come from, for the report."""
    task: str = CLASSIFICATION

    @property
    def references(self) -> tuple[NDArray[np.float64], ...]:
        """(N, ...) per output, by PyTorch in float64."""
        return tuple(output.reference for output in self.outputs)

    @property
    def reference(self) -> NDArray[np.float64]:
        """The only output."""
        (reference,) = self.references
        return reference

    @property
    def count(self) -> int:
        """N."""
        return len(self.outputs[0].reference)

    @property
    def roundings(self) -> float:
        """Largest error of PyTorch's float32 in roundings of the output."""
        return max(output.roundings for output in self.outputs)

    @property
    def credible(self) -> bool:
        """Whether reference and float32 outputs can be of one network, and serve as a yardstick."""
        return all(
            output.roundings <= WORST_OWN and bool(np.isfinite(output.reference).all())
            for output in self.outputs
        )

    def first(self, count: int) -> Truth:
        """The truth of the first `count` inputs."""
        return replace(self, outputs=tuple(output.first(count) for output in self.outputs))

    def fits(self, values: Values) -> bool:
        """Whether these are outputs of the same sizes."""
        return [x.shape for x in values] == [x.shape for x in self.references]

    def smallest_margin(self) -> float:
        """Return the smallest margin of a prediction; infinite if there are none."""
        if self.task == REGRESSION:
            return math.inf
        reference = self.reference
        return min(float(margins(reference[part]).min()) for part in parts(reference))


def make_truth(
    references: Sequence[NDArray[np.float64]],
    own: Values,
    origin: str,
    *,
    task: str = CLASSIFICATION,
    names: Sequence[str] = ("logits",),
) -> Truth:
    """Make the truth, with the error of PyTorch's float32 outputs `own` as the yardstick.

    Args:
        references: (N, ...) per output in float64.
        own: (N, ...) per output, of the same inputs in float32.
        origin: where they come from, for the report.
        task: of the network; with predictions it has one output.
        names: of the outputs.
    """
    outputs = (
        _output_truth(name, reference, values)
        for name, reference, values in zip(names, references, own, strict=True)
    )
    return Truth(tuple(outputs), origin, task)


def _output_truth(name: str, reference: NDArray[np.float64], own: NDArray[Any]) -> OutputTruth:
    floor = UNIT * rms(reference)
    error = rms_of_difference(own, reference) if own.shape == reference.shape else np.inf
    roundings = error / floor if floor else (np.inf if error else 0.0)
    roundings = roundings if np.isfinite(roundings) else np.inf
    yardstick = floor * float(np.clip(roundings, 1.0, WORST_OWN))
    return OutputTruth(name, reference, yardstick, roundings)


def within(values: Values, truth: Truth, atol: float, rtol: float) -> Tolerance:
    """Count the images whose outputs are all `numpy.isclose` to the truth; NaN never is."""
    if not truth.fits(values):
        return Tolerance(atol, rtol, 0, truth.count)
    close = np.ones(truth.count, bool)
    for found, reference in zip(values, truth.references, strict=True):
        for part in parts(reference):
            here = np.isclose(found[part].astype(np.float64), reference[part], rtol, atol)
            close[part] &= here.reshape(len(here), -1).all(axis=1)
    return Tolerance(atol, rtol, int(np.count_nonzero(close)), truth.count)


def judge_outputs(values: Values, truth: Truth) -> Judgement:
    """Compare one array (N, ...) per output with the truth, each output by its own error.

    Outputs of another shape than the truth's cannot be compared, and are judged as not finite; so
    are missing ones.
    """
    nothing = np.empty(0, np.float32)
    given = [*values, *[nothing] * len(truth.outputs)] if len(values) else [nothing]
    first, *others = (
        _judged(found, output, truth.task)
        for found, output in zip(given, truth.outputs, strict=False)
    )
    return replace(first, others=tuple(others))


def _judged(values: NDArray[Any], truth: OutputTruth, task: str) -> Judgement:
    reference = truth.reference
    n, *shape = reference.shape
    comparable = values.shape == reference.shape and n > 0
    blank = Judgement(
        images=n,
        classes=shape[0] if shape else 1,
        finite=False,
        ratio=math.inf,
        largest=math.inf,
        largest_allowed=0.0,
        cosine=0.0,
        ulps=math.inf,
        worst_image=0,
        worst_class=0,
        top1=0,
        top5=0,
        changed=(),
        output=truth.name,
        shape=None if len(shape) == 1 else tuple(shape),
        task=task,
        spread=math.inf if task == REGRESSION else None,
    )
    if not comparable or not (np.isfinite(values).all() and np.isfinite(reference).all()):
        return blank
    error = errors_of(values, reference)
    allowed = LIMIT * truth.yardstick * math.sqrt(2.0 * math.log(2000.0 * reference.size))
    ratio = math.inf if error.rms else 0.0
    found = replace(
        blank,
        finite=True,
        ratio=error.rms / truth.yardstick if truth.yardstick else ratio,
        largest=error.largest,
        largest_allowed=allowed,
        cosine=error.cosine,
        ulps=float(error.largest / np.spacing(np.float32(error.peak))),
        worst_image=error.at[0],
        worst_class=error.at[1] if shape else 0,
        spread=_in_spreads(error.largest, truth) if task == REGRESSION else None,
    )
    if task == SEGMENTATION:
        return replace(found, pixels=judge_pixels(values, reference, 2.0 * allowed))
    return found if task == REGRESSION else _with_predictions(found, values, reference)


def _in_spreads(largest: float, truth: OutputTruth) -> float | None:
    """Return an error in units of the output's spread; None if all its numbers are equal."""
    spread = truth.spread()
    return largest / spread if spread else None


def _with_predictions(
    found: Judgement, values: NDArray[Any], reference: NDArray[np.float64]
) -> Judgement:
    predicted, wanted = values.argmax(1), reference.argmax(1)
    gap = margins(reference)
    changed = tuple(
        Change(int(i), int(predicted[i]), int(wanted[i]), float(gap[i]))
        for i in np.flatnonzero(predicted != wanted)
    )
    top5 = int(np.count_nonzero(_top(values, 5) == _top(reference, 5)))
    return replace(found, top1=len(reference) - len(changed), top5=top5, changed=changed)


def located(judgement: Judgement, places: Sequence[int], labels: Sequence[int]) -> Judgement:
    """Return the judgement with the indices of its images among the test images.

    Args:
        judgement: of all compared images, or of the first ones.
        places: index of each compared image among the test images.
        labels: of each compared image; empty if they are unknown.
    """
    return replace(
        _located(judgement, places, labels),
        others=tuple(_located(other, places, labels) for other in judgement.others),
    )


def _located(judgement: Judgement, places: Sequence[int], labels: Sequence[int]) -> Judgement:
    changed = tuple(
        replace(
            change,
            place=int(places[change.image]),
            label=int(labels[change.image]) if len(labels) else None,
        )
        for change in judgement.changed
    )
    worst = int(places[judgement.worst_image]) if len(places) else 0
    pixels = judgement.pixels
    if pixels is not None and pixels.largest is not None and len(places):
        at = replace(pixels.largest, image=int(places[pixels.largest.image]))
        pixels = replace(pixels, largest=at)
    return replace(judgement, changed=changed, worst_image=worst, pixels=pixels)


def _top(logits: NDArray[Any], count: int) -> NDArray[Any]:
    """(N, K) -> (N,) the set of the `count` highest classes of each image."""
    highest = np.argsort(-logits, axis=1, kind="stable")[:, :count]
    return np.array([frozenset(row) for row in highest.tolist()], dtype=object)
