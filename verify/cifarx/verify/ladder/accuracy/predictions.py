"""Rung 6: compute each runtime's accuracy on the data set, and compare it with PyTorch's.

"p > 0.05" is no evidence of equality, so an equivalence test accompanies McNemar's test.
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
from cifarx.verify.ladder.truth_of_output import margins


@dataclass(frozen=True)
class Predictions:
    """What engines predict for N images: a few numbers per image, however large the images."""

    engines: tuple[str, ...]
    images: NDArray[np.int64]
    """(N,) indices among the test images."""
    labels: NDArray[np.int64]
    """(N,) true classes."""
    predicted: NDArray[np.int64]
    """(engines, N) classes; `NO_CLASS` for logits that are not finite."""
    margins: NDArray[np.float64]
    """(engines, N), highest minus second highest logit."""
    apart: NDArray[np.float64]
    """(engines, N), largest difference from a logit of `YARDSTICK`, else of `TRUTH`; 0 without."""

    @classmethod
    def empty(cls, engines: tuple[str, ...], count: int) -> Predictions:
        """Make predictions of zeros, to be filled by `put`."""
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
        """Make predictions from the logits (N, K) of each engine.

        Args:
            images: (N,) indices among the test images.
            labels: (N,) true classes.
            logits: by engine.
        """
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
        """Return the predictions for the images at these indices."""
        return Predictions(
            self.engines,
            self.images[index],
            self.labels[index],
            self.predicted[:, index],
            self.margins[:, index],
            self.apart[:, index],
        )

    def put(self, start: int, some: Predictions) -> None:
        """Fill in a part, whose first image has index `start`."""
        part = slice(start, start + len(some.images))
        self.images[part], self.labels[part] = some.images, some.labels
        self.predicted[:, part], self.margins[:, part] = some.predicted, some.margins
        self.apart[:, part] = some.apart


def accuracy_report(
    found: Predictions, in_all: int, origin: str, classes: int, ties: Mapping[str, float]
) -> AccuracyReport:
    """Compute the statistics of predictions for at least one image.

    Args:
        found: the predictions.
        in_all: number of test images of the data.
        origin: where the images come from, for the report.
        classes: number of classes.
        ties: by engine, the largest margin that rounding can turn around.
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
    """Return the index of the engine that the others are compared with; None if it is missing."""
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
