"""Rung 6: what each runtime scores on the data set, and whether the scores are the same.

"p > 0.05" is no evidence of equality: beside McNemar's test stands one of equivalence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.verify.findings.accuracy import (
    NO_CLASS,
    TRUTH,
    YARDSTICK,
    AccuracyReport,
    ChangedPrediction,
    RuntimeAccuracy,
)
from cifarx.verify.findings.scores import Comparison
from cifarx.verify.ladder.accuracy.statistics import accuracy, by_class, compare
from cifarx.verify.ladder.logits import margins


@dataclass(frozen=True)
class Predictions:
    """What engines made of N images: a few numbers an image, however large the images are."""

    engines: tuple[str, ...]
    images: NDArray[np.int64]
    """(N,) places among the test images."""
    labels: NDArray[np.int64]
    """(N,)."""
    predicted: NDArray[np.int64]
    """(engines, N)."""
    margins: NDArray[np.float64]
    """(engines, N), of the logits."""
    apart: NDArray[np.float64]
    """(engines, N), largest difference of a logit from `YARDSTICK`'s; 0 where that did not run."""

    @classmethod
    def empty(cls, engines: tuple[str, ...], count: int) -> Predictions:
        """Zeros, to be filled by `put`."""
        shape = len(engines), count
        one, many = np.zeros(count, np.int64), np.zeros(shape, np.int64)
        return cls(engines, one, one.copy(), many, np.zeros(shape), np.zeros(shape))

    @classmethod
    def of(
        cls,
        images: NDArray[np.int64],
        labels: NDArray[np.int64],
        logits: Mapping[str, NDArray[np.floating[Any]]],
    ) -> Predictions:
        """From logits (N, K) by engine."""
        values = np.stack([found.astype(np.float64) for found in logits.values()])
        finite = np.asarray(np.isfinite(values).all(axis=2))
        values = np.where(finite[:, :, None], values, 0.0)
        first = _yardstick(tuple(logits))
        apart = np.zeros(finite.shape)
        if first is not None:
            apart = np.abs(values - values[first]).max(axis=2)
        return cls(
            tuple(logits),
            images,
            labels,
            np.where(finite, values.argmax(axis=2), NO_CLASS),
            np.stack([margins(v) for v in values]),
            apart,
        )

    def select(self, index: NDArray[np.int64]) -> Predictions:
        """Of the images at these indices."""
        return Predictions(
            self.engines,
            self.images[index],
            self.labels[index],
            self.predicted[:, index],
            self.margins[:, index],
            self.apart[:, index],
        )

    def put(self, start: int, some: Predictions) -> None:
        """Take a part, the first image of which is number `start`."""
        part = slice(start, start + len(some.images))
        self.images[part], self.labels[part] = some.images, some.labels
        self.predicted[:, part], self.margins[:, part] = some.predicted, some.margins
        self.apart[:, part] = some.apart


def accuracy_report(
    found: Predictions, in_all: int, origin: str, classes: int, ties: Mapping[str, float]
) -> AccuracyReport:
    """The statistics of at least one image.

    Args:
        found: the predictions.
        in_all: test images that the data have.
        origin: of the images, for people.
        classes: how many there are.
        ties: by engine, the margins that rounding may overcome.
    """
    first = _yardstick(found.engines)
    runtimes = []
    for i, engine in enumerate(found.engines):
        comparison: Comparison | None = None
        changed: tuple[ChangedPrediction, ...] = ()
        if first is not None and i != first:
            comparison = compare(found.predicted[first], found.predicted[i], found.labels)
            changed = tuple(_changes(found, first, i))
        runtimes.append(
            RuntimeAccuracy(
                engine=engine,
                overall=accuracy(found.predicted[i], found.labels),
                by_class=by_class(found.predicted[i], found.labels, classes),
                comparison=comparison,
                changed=changed,
                tie=ties.get(engine, 0.0),
                not_finite=int(np.count_nonzero(found.predicted[i] == NO_CLASS)),
                apart=float(found.apart[i].max()),
            )
        )
    against = YARDSTICK if first is None else found.engines[first]
    return AccuracyReport(len(found.images), in_all, origin, tuple(runtimes), against)


def _yardstick(engines: tuple[str, ...]) -> int | None:
    """Index of the engine that the others are compared with, None where it is not among them."""
    return next((engines.index(name) for name in (YARDSTICK, TRUTH) if name in engines), None)


def _changes(found: Predictions, first: int, other: int) -> Iterator[ChangedPrediction]:
    for k in np.flatnonzero(found.predicted[first] != found.predicted[other]):
        yield ChangedPrediction(
            int(found.images[k]),
            int(found.labels[k]),
            int(found.predicted[other, k]),
            int(found.predicted[first, k]),
            float(found.margins[first, k]),
        )
